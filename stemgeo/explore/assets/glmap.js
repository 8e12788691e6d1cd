// The map by maplibre-gl: only where the browser has WebGL 2. It draws what `flatmap` draws.
import { BORDER, EDITS, EDIT_WIDTH, GAINED, LOST, INK, ROADS, SKETCH, listAreas } from "./look.js";

const EMPTY = { type: "FeatureCollection", features: [] };
const PAPER = "#f4f4f2";

export const canDraw = () => {
  try {
    const context = document.createElement("canvas").getContext("webgl2");
    context?.getExtension("WEBGL_lose_context")?.loseContext();
    return Boolean(context);
  } catch {
    return false;
  }
};

// Stripes where there is no figure, as on every other map of the study.
const drawStripes = () => {
  const [size, data] = [8, new Uint8ClampedArray(8 * 8 * 4)];
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const shade = (x + y) % size < 2 ? 111 : 255;
      data.set([shade, shade, shade, 255], (y * size + x) * 4);
    }
  }
  return { width: size, height: size, data };
};

const toLines = (lines) => ({ type: "Feature", properties: {}, geometry: { type: "MultiLineString", coordinates: lines } });

const quiet = (of) => ["match", ["to-string", ["get", "quiet"]], ...Object.entries(ROADS).flatMap(([level]) => [level, of(level)]), of("pushed")];

const styleOf = (land) => ({
  version: 8,
  sources: {
    land: { type: "geojson", data: land.geojson, promoteId: "code" },
    borders: { type: "geojson", data: toLines(land.borders) },
    areas: { type: "geojson", data: EMPTY },
    roads: { type: "geojson", data: EMPTY },
    moves: { type: "geojson", data: EMPTY },
    edits: { type: "geojson", data: EMPTY },
    sketch: { type: "geojson", data: EMPTY },
  },
  layers: [
    { id: "paper", type: "background", paint: { "background-color": PAPER } },
    { id: "fill", type: "fill", source: "land", paint: { "fill-color": ["coalesce", ["feature-state", "colour"], "#ffffff"], "fill-antialias": false } },
    { id: "areas", type: "fill", source: "areas", paint: { "fill-color": ["get", "colour"], "fill-opacity": ["get", "opacity"] } },
    { id: "areas-case", type: "line", source: "areas", paint: { "line-color": "#ffffff", "line-width": 2.6, "line-opacity": 0.8 } },
    { id: "areas-line", type: "line", source: "areas", paint: { "line-color": ["get", "colour"], "line-width": 1.2 } },
    { id: "lines", type: "line", source: "land", paint: { "line-color": "#6b6b6b", "line-width": ["interpolate", ["linear"], ["zoom"], 7, 0.4, 11, 1] } },
    { id: "roads-case", type: "line", source: "roads", layout: { "line-cap": "round" }, paint: { "line-color": "#ffffff", "line-width": 4 } },
    { id: "roads", type: "line", source: "roads", layout: { "line-cap": "round" }, paint: { "line-color": quiet((level) => ROADS[level]), "line-width": 2 } },
    { id: "borders", type: "line", source: "borders", layout: { "line-join": "round", "line-cap": "round" }, paint: { "line-color": BORDER, "line-width": 1.8 } },
    { id: "lost", type: "line", source: "land", filter: ["in", ["get", "code"], ["literal", []]], paint: { "line-color": LOST, "line-width": 2.2, "line-dasharray": [2, 1.5] } },
    { id: "gained-case", type: "line", source: "land", filter: ["in", ["get", "code"], ["literal", []]], paint: { "line-color": "#ffffff", "line-width": 5 } },
    { id: "gained", type: "line", source: "land", filter: ["in", ["get", "code"], ["literal", []]], paint: { "line-color": GAINED, "line-width": 2.6 } },
    { id: "sketch-case", type: "line", source: "sketch", layout: { "line-cap": "round" }, paint: { "line-color": INK, "line-width": 10 } },
    { id: "sketch", type: "line", source: "sketch", layout: { "line-cap": "round" }, paint: { "line-color": SKETCH, "line-width": 6 } },
    { id: "edits-case", type: "line", source: "edits", paint: { "line-color": "#ffffff", "line-width": EDIT_WIDTH + 3 } },
    ...Object.entries(EDITS).map(([change, { colour, dash }]) => ({ id: `edits-${change}`, type: "line", source: "edits", filter: ["==", ["get", "change"], change],
      paint: { "line-color": colour, "line-width": EDIT_WIDTH, ...(dash ? { "line-dasharray": dash } : {}) } })),
    { id: "moves", type: "line", source: "moves", paint: { "line-color": INK, "line-width": 1.6, "line-dasharray": [3, 2] } },
  ],
});

export const openGlMap = async (container, land, { label }) => {
  const { Map } = await import("./maplibre/maplibre-gl.mjs");
  const [west, south, east, north] = land.bounds;
  const map = new Map({
    container,
    style: styleOf(land),
    bounds: [[west, south], [east, north]],
    fitBoundsOptions: { padding: 18 },
    attributionControl: false,
    keyboard: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    maxPitch: 0,
    minZoom: 5,
    maxZoom: 18,
    fadeDuration: 0,
    canvasContextAttributes: { preserveDrawingBuffer: false },
    locale: { "Map.Title": label },
  });
  map.touchZoomRotate.disableRotation();
  // The keys are those of the frame around it, which is the one stop.
  const canvas = map.getCanvas();
  canvas.removeAttribute("tabindex");
  canvas.removeAttribute("aria-label");
  canvas.setAttribute("role", "presentation");
  await new Promise((done, fail) => {
    map.once("load", done);
    map.once("webglcontextlost", fail);
  });
  map.addImage("stripes", drawStripes());
  map.addLayer({ id: "stripes", type: "fill", source: "land", filter: ["in", ["get", "code"], ["literal", []]], paint: { "fill-pattern": "stripes" } }, "areas");

  const only = (codes) => ["in", ["get", "code"], ["literal", codes]];
  const feed = (name, data) => map.getSource(name).setData(data);
  const heard = [];
  map.on("move", () => heard.forEach((hear) => hear(false)));
  map.on("moveend", () => heard.forEach((hear) => hear(true)));
  map.on("resize", () => heard.forEach((hear) => hear(true)));
  let roads = null;
  let areas = null;

  return {
    kind: "gl",
    map,
    onLost: (hear) => map.once("webglcontextlost", hear),
    close: () => map.remove(),
    project: (lon, lat) => map.project([lon, lat]),
    unproject: (x, y) => map.unproject([x, y]).toArray(),
    size: () => ({ width: container.clientWidth, height: container.clientHeight }),
    zoom: () => map.getZoom(),
    bounds: () => map.getBounds().toArray().flat(),
    onMove: (hear) => heard.push(hear),
    onClick: (hear) => map.on("click", ({ lngLat }) => hear(lngLat.lng, lngLat.lat)),
    panBy: (x, y) => map.panBy([x, y], { animate: false }),
    zoomBy: (by, around) => map.zoomTo(map.getZoom() + by, { animate: false, around }),
    goTo: (lon, lat, zoom) => map.jumpTo({ center: [lon, lat], zoom: Math.max(map.getZoom(), zoom) }),
    fit: ([w, s, e, n]) => map.fitBounds([[w, s], [e, n]], { padding: 30, animate: false }),
    resize: () => map.resize(),
    paint: (looks) => {
      land.places.forEach(({ code }) => map.setFeatureState({ source: "land", id: code }, { colour: looks.colours.get(code) ?? "#ffffff" }));
      map.setFilter("stripes", only(land.places.map(({ code }) => code).filter((code) => !looks.colours.get(code))));
      map.setFilter("gained", only(looks.gained));
      map.setFilter("gained-case", only(looks.gained));
      map.setFilter("lost", only(looks.lost));
      feed("moves", toLines(looks.moves));
      feed("sketch", toLines(looks.sketch.length > 1 ? [looks.sketch] : []));
      feed("edits", { type: "FeatureCollection", features: looks.edits.map(({ change, line }) => (
        { type: "Feature", properties: { change }, geometry: { type: "LineString", coordinates: line } })) });
      if (looks.areas !== areas) {
        areas = looks.areas;
        feed("areas", { type: "FeatureCollection", features: listAreas(areas).reverse().map(({ area, colour, opacity }) => (
          { ...area, properties: { ...area.properties, colour, opacity } })) });
      }
      if (looks.roads !== roads) {
        roads = looks.roads;
        feed("roads", roads ?? EMPTY);
      }
    },
  };
};
