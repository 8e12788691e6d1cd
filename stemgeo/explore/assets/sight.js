// The map: by maplibre-gl where the browser can, else drawn plainly; with what is done on it.
import { byId } from "./dom.js";
import { openFlatMap } from "./flatmap.js";
import { canDraw, openGlMap } from "./glmap.js";
import { makeOverlay } from "./overlay.js";

const ROADS_ZOOM = 13;

export const makeSight = (page, drawSpot) => {
  const { say, land, figures, book, state, answers, wire, voice, guard, redraw, act } = page;
  const askRoads = async () => {
    if (page.view.zoom() < ROADS_ZOOM) {
      if (state.roads) { state.roads = null; redraw(); }
      return;
    }
    const [west, south, east, north] = page.view.bounds();
    const asked = new URLSearchParams({ west: west.toFixed(6), south: south.toFixed(6), east: east.toFixed(6), north: north.toFixed(6) });
    const mine = { asked };
    state.roadsAsked = mine;
    await guard(async () => {
      const roads = await wire.ask(`roads?${asked}`);
      if (state.roadsAsked !== mine) return;
      state.roads = roads;
      redraw();
    });
  };

  const [frame, ground, label] = [byId("map"), byId("ground"), say.text("map")];

  // A view becomes the map, with what lies over it.
  const take = (view) => {
    page.view = view;
    frame.dataset.kind = view.kind;
    page.overlay = makeOverlay(frame, page.view, land, {
      onDrop: (mark, lon, lat) => act.dropAt(mark.id, lon, lat),
      onChoose: (mark) => (mark.road ? page.roads.show(mark.road) : act.select(mark.id)),
      onSpot: (at) => {
        drawSpot();
        voice.tell(sayPlace(at));
      },
      onEnter: (at) => act.enter(at.lon, at.lat, at.name),
      onEscape: act.escape,
    });
    view.onClick((lon, lat) => {
      page.overlay.setSpot(lon, lat);
      if (state.moving || state.tool !== "look") act.enter(lon, lat);
    });
    let waiting = 0;
    view.onMove((done) => {
      if (!done) return;
      cancelAnimationFrame(waiting);
      waiting = requestAnimationFrame(askRoads);
    });
  };

  // The browser may take the drawing away at any time: the plain map goes on where it was.
  const fallBack = () => {
    const [old, spot] = [page.view, page.overlay.spot()];
    const { width, height } = old.size();
    const [middle, zoom] = [old.unproject(width / 2, height / 2), old.zoom()];
    page.overlay.close();
    old.close();
    ground.replaceChildren();
    take(openFlatMap(ground, land, { label }));
    page.view.goTo(...middle, zoom);
    if (spot?.used) page.overlay.useSpot(spot.lon, spot.lat);
    else if (spot) page.overlay.setSpot(spot.lon, spot.lat, { name: spot.name });
    voice.tell(say.text("map_plain"));
    redraw();
  };

  const openMap = async () => {
    let view = null;
    if (canDraw()) {
      try {
        view = await openGlMap(ground, land, { label });
      } catch {
        ground.replaceChildren();
      }
    }
    take(view ?? openFlatMap(ground, land, { label }));
    // After the library's own listeners: it is done with the event when its map goes.
    view?.onLost(() => setTimeout(fallBack));
    byId("zoom-in").addEventListener("click", () => page.view.zoomBy(1));
    byId("zoom-out").addEventListener("click", () => page.view.zoomBy(-1));
    byId("zoom-all").addEventListener("click", () => page.view.fit(land.bounds));
  };
  const sayPlace = ({ lon, lat, name }) => {
    const at = land.at(lon, lat);
    if (!at) return name ? `${name} (${say.text("outside")})` : say.text("outside");
    const figure = figures.of("municipality", at.code, answers.of(book.current()), state.choice);
    return say.text("cross_at", { where: name ? `${name}, ${at.name}` : at.name, share: say.share(figure) });
  };

  return { openMap };
};
