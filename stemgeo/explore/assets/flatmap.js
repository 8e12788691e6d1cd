// The same map as plain drawing: without WebGL 2, and on paper.
import { draw } from "./dom.js";
import { fromWorld, toWorld } from "./land.js";
import { BORDER, EDITS, EDIT_WIDTH, GAINED, INK, LOST, ROADS, SHAPES, SKETCH, isDark, listAreas } from "./look.js";

const TILE = 512;
const CLICK_PX = 5;
const MOST_ZOOM = 18;
let patterns = 0;

const ringsOf = ({ type, coordinates }) => (type === "Polygon" ? coordinates : coordinates.flat());
const round = (number) => Math.round(number * 100) / 100;

const scaleFor = ([west, south, east, north], { width, height }, padding) => {
  const [[left, bottom], [right, top]] = [toWorld(west, south), toWorld(east, north)];
  return {
    zoom: Math.log2(Math.max(0.01, Math.min((width - 2 * padding) / (right - left), (height - 2 * padding) / (bottom - top)) / TILE)),
    centre: [(left + right) / 2, (top + bottom) / 2],
  };
};

// Everything on the ground, in pixels of a view.
export const drawGround = (land, looks, project) => {
  patterns += 1;
  const stripes = `stripes-${patterns}`;
  const point = ([lon, lat]) => project(lon, lat).map(round).join(" ");
  const path = (lines, end = "") => lines.map((line) => `M${line.map(point).join("L")}${end}`).join("");
  const outlines = new Map(land.places.map(({ code, rings }) => [code, path(rings, "Z")]));
  const shapes = (codes, attributes) => codes.filter((code) => outlines.has(code)).map((code) => (
    draw("path", { d: outlines.get(code), fill: "none", "stroke-linejoin": "round", ...attributes })));
  return draw("g", {},
    draw("defs", {}, draw("pattern", { id: stripes, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      draw("path", { d: "M0 0H6V6H0Z", fill: "#ffffff" }), draw("path", { d: "M0 0V6", stroke: "#6f6f6f", "stroke-width": 2 }))),
    land.places.map(({ code }) => {
      const colour = looks.colours.get(code);
      return draw("path", { d: outlines.get(code), fill: colour ?? `url(#${stripes})`, "fill-rule": "evenodd",
        stroke: colour && isDark(colour) ? "#c8c8c8" : "#6b6b6b", "stroke-width": 0.6, "data-code": code });
    }),
    listAreas(looks.areas).reverse().map(({ area, colour, opacity }) => draw("path", {
      d: path(ringsOf(area.geometry), "Z"), fill: colour, "fill-opacity": opacity, "fill-rule": "evenodd", stroke: colour, "stroke-width": 1 })),
    (looks.roads?.features ?? []).map(({ properties, geometry }) => draw("path", {
      d: path(geometry.type === "LineString" ? [geometry.coordinates] : geometry.coordinates),
      fill: "none", stroke: ROADS[properties.quiet] ?? ROADS.pushed, "stroke-width": 2 })),
    draw("path", { d: path(land.borders), fill: "none", stroke: BORDER, "stroke-width": 1.6, "stroke-linecap": "round" }),
    shapes(looks.lost, { stroke: LOST, "stroke-width": 2.2, "stroke-dasharray": "5 4" }),
    shapes(looks.gained, { stroke: "#ffffff", "stroke-width": 5 }),
    shapes(looks.gained, { stroke: GAINED, "stroke-width": 2.6 }),
    looks.sketch?.length ? draw("path", { d: path([looks.sketch]), fill: "none", stroke: INK, "stroke-width": 10, "stroke-linecap": "round" }) : [],
    looks.sketch?.length ? draw("path", { d: path([looks.sketch]), fill: "none", stroke: SKETCH, "stroke-width": 6, "stroke-linecap": "round", class: "sketch" }) : [],
    (looks.edits ?? []).flatMap(({ change, line }) => [
      draw("path", { d: path([line]), fill: "none", stroke: "#ffffff", "stroke-width": EDIT_WIDTH + 3 }),
      draw("path", { d: path([line]), fill: "none", class: `edit ${change}`, stroke: EDITS[change].colour, "stroke-width": EDIT_WIDTH,
        "stroke-dasharray": EDITS[change].dash?.map((one) => one * EDIT_WIDTH).join(" ") })]),
    draw("path", { d: path(looks.moves), fill: "none", stroke: INK, "stroke-width": 1.6, "stroke-dasharray": "5 4" }));
};

export const drawMark = (kind, attributes = {}) => {
  const shape = SHAPES[kind];
  return draw("g", attributes,
    draw("path", { d: shape.d, fill: shape.fill, stroke: shape.stroke, "stroke-width": kind === "academy" || kind === "closed" || kind === "away" ? 1.8 : 1.5, "stroke-dasharray": shape.dash }),
    shape.inner ? draw("path", { d: shape.inner, fill: "none", stroke: shape.ink ?? "#ffffff", "stroke-width": 2 }) : null);
};

// As many municipalities in a frame have their names on it.
const MOST_NAMES = 24;

// A whole map for paper: of the ground in a frame, with the marks.
export const drawSheet = (land, looks, marks, { width, title, frame }) => {
  const [[left, bottom], [right, top]] = [toWorld(frame[0], frame[1]), toWorld(frame[2], frame[3])];
  const height = Math.round(Math.min(0.6 * width, (width * (bottom - top)) / (right - left) + 24));
  const { zoom, centre } = scaleFor(frame, { width, height }, 12);
  const size = TILE * 2 ** zoom;
  const project = (lon, lat) => {
    const [x, y] = toWorld(lon, lat);
    return [(x - centre[0]) * size + width / 2, (y - centre[1]) * size + height / 2];
  };
  // A name that the edge of the paper would cut stays away.
  const fits = ({ name, at: [x, y] }) => x > 4 * name.length && x < width - 4 * name.length && y > 14 && y < height - 6;
  const named = land.places.map(({ name, spot }) => ({ name, at: project(...spot).map(round) })).filter(fits);
  const label = { fill: INK, stroke: "#ffffff", "stroke-width": 3, "paint-order": "stroke" };
  return draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title, class: "paper-map" },
    drawGround(land, looks, project),
    (named.length > MOST_NAMES ? [] : named).map(({ name, at: [x, y] }) => (
      draw("text", { x, y, "font-size": 12, "text-anchor": "middle", ...label }, name))),
    marks.map(({ kind, lon, lat }) => draw("g", { transform: `translate(${project(lon, lat).map(round).join(" ")})` },
      drawMark(kind, kind === "academy" || kind === "away" ? { transform: "scale(.55)" } : {}))),
    // Numbers over all marks.
    marks.filter(({ number }) => number).map(({ lon, lat, number }) => {
      const [x, y] = project(lon, lat).map(round);
      return draw("text", { x: x + 11, y: y + 5, "font-size": 13, "font-weight": "bold", ...label }, String(number));
    }));
};

export const openFlatMap = (container, land, { label }) => {
  const svg = draw("svg", { class: "flat", role: "presentation", focusable: "false" });
  svg.append(draw("title", {}, label));
  container.replaceChildren(svg);
  // Asked once a size: to ask lays the page out.
  let box = null;
  const size = () => {
    box ??= { width: container.clientWidth || 600, height: container.clientHeight || 400 };
    return box;
  };
  const start = scaleFor(land.bounds, size(), 18);
  let { zoom, centre } = start;
  let looks = { colours: new Map(), gained: [], lost: [], moves: [] };
  const heard = [];
  const clicked = [];
  const scale = () => TILE * 2 ** zoom;
  const project = (lon, lat) => {
    const [x, y] = toWorld(lon, lat);
    return [(x - centre[0]) * scale() + size().width / 2, (y - centre[1]) * scale() + size().height / 2];
  };
  const unproject = (x, y) => fromWorld(
    centre[0] + (x - size().width / 2) / scale(), centre[1] + (y - size().height / 2) / scale());
  const show = () => svg.replaceChildren(drawGround(land, looks, project));
  const moved = (done = true) => {
    show();
    heard.forEach((hear) => hear(done));
  };
  const panBy = (x, y) => {
    centre = [centre[0] + x / scale(), centre[1] + y / scale()];
    moved();
  };
  const zoomBy = (by, around) => {
    const [x, y] = around ? project(...around) : [size().width / 2, size().height / 2];
    const [lon, lat] = unproject(x, y);
    zoom = Math.min(MOST_ZOOM, Math.max(start.zoom - 1, zoom + by));
    const [nowX, nowY] = project(lon, lat);
    panBy(nowX - x, nowY - y);
  };

  let held = null;
  svg.addEventListener("pointerdown", (event) => {
    held = { x: event.clientX, y: event.clientY, far: 0 };
    svg.setPointerCapture(event.pointerId);
  });
  svg.addEventListener("pointermove", (event) => {
    if (!held) return;
    const [x, y] = [event.clientX - held.x, event.clientY - held.y];
    held = { x: event.clientX, y: event.clientY, far: held.far + Math.hypot(x, y) };
    if (held.far > CLICK_PX) panBy(-x, -y);
  });
  svg.addEventListener("pointerup", (event) => {
    if (held && held.far <= CLICK_PX) {
      const { left, top } = svg.getBoundingClientRect();
      const [lon, lat] = unproject(event.clientX - left, event.clientY - top);
      clicked.forEach((hear) => hear(lon, lat));
    }
    held = null;
  });
  svg.addEventListener("pointercancel", () => { held = null; });
  svg.addEventListener("wheel", (event) => {
    event.preventDefault();
    const { left, top } = svg.getBoundingClientRect();
    zoomBy(-Math.sign(event.deltaY) / 2, unproject(event.clientX - left, event.clientY - top));
  }, { passive: false });
  new ResizeObserver(() => {
    box = null;
    moved();
  }).observe(container);

  return {
    kind: "flat",
    project: (lon, lat) => { const [x, y] = project(lon, lat); return { x, y }; },
    unproject,
    size,
    zoom: () => zoom,
    bounds: () => {
      const { width, height } = size();
      const [west, north] = unproject(0, 0);
      const [east, south] = unproject(width, height);
      return [west, south, east, north];
    },
    onMove: (hear) => heard.push(hear),
    onClick: (hear) => clicked.push(hear),
    panBy,
    zoomBy,
    goTo: (lon, lat, least) => { centre = toWorld(lon, lat); zoom = Math.max(zoom, least); moved(); },
    fit: (bounds) => { ({ zoom, centre } = scaleFor(bounds, size(), 30)); zoom = Math.min(zoom, MOST_ZOOM); moved(); },
    resize: () => moved(),
    paint: (next) => { looks = next; show(); },
  };
};
