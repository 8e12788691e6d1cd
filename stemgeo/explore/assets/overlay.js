// What lies over the map as parts of the page: names, marks and the crosshair, over either map.
import { draw, make } from "./dom.js";
import { drawMark } from "./flatmap.js";

const STEP_PX = 24;
const LONG_STEP_PX = 120;
const EDGE_PX = 40;
const CLICK_PX = 4;
// Further away than this marks of what is there already are small.
const NEAR_ZOOM = 9.5;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export const makeOverlay = (frame, view, land, { onDrop, onChoose, onSpot, onEnter, onEscape }) => {
  const names = land.places.map((place) => {
    const label = make("span", { class: "name", "aria-hidden": "true" }, place.name);
    return { ...place, label };
  }).sort((a, b) => b.size - a.size);
  const cross = draw("svg", { class: "crosshair", viewBox: "-16 -16 32 32", "aria-hidden": "true", focusable: "false" },
    draw("path", { d: "M-15 0H-4M4 0H15M0-15V-4M0 4V15", stroke: "#ffffff", "stroke-width": 5 }),
    draw("path", { d: "M-15 0H-4M4 0H15M0-15V-4M0 4V15", stroke: "#1a1a1a", "stroke-width": 2 }));
  const labels = make("div", { class: "names" }, names.map(({ label }) => label));
  const marks = make("div", { class: "marks" });
  frame.append(labels, marks, cross);
  let shown = [];
  let spot = null;

  const put = (element, { x, y }) => { element.style.transform = `translate(${x}px, ${y}px)`; };

  // Names from the largest municipality on, each where no other stands.
  const placeNames = () => {
    const { width, height } = view.size();
    const taken = [];
    const scale = 2 ** view.zoom();
    names.forEach(({ label, spot: [lon, lat], size, name }) => {
      const { x, y } = view.project(lon, lat);
      const wide = name.length * 6.6 + 6;
      const box = [x - wide / 2, y - 9, x + wide / 2, y + 9];
      const fits = box[0] > 0 && box[1] > 0 && box[2] < width && box[3] < height
        && Math.sqrt(size) * scale * 3 > wide
        && !taken.some(([l, t, r, b]) => box[0] < r && box[2] > l && box[1] < b && box[3] > t);
      label.hidden = !fits;
      if (!fits) return;
      taken.push(box);
      put(label, { x, y });
    });
  };
  const placeCross = () => {
    cross.classList.toggle("seen", Boolean(spot && !spot.used));
    if (spot) put(cross, view.project(spot.lon, spot.lat));
  };
  const placeMarks = () => {
    marks.classList.toggle("far", view.zoom() < NEAR_ZOOM);
    shown.forEach(({ element, lon, lat }) => put(element, view.project(lon, lat)));
    placeCross();
  };

  // Those that were dragged away from their place: whatever comes of it, they are drawn anew.
  const strayed = new WeakSet();
  const hold = (element, mark) => {
    let held = null;
    element.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      event.stopPropagation();
      held = { x: event.clientX, y: event.clientY, far: 0 };
      element.setPointerCapture(event.pointerId);
    });
    element.addEventListener("pointermove", (event) => {
      if (!held) return;
      held.far = Math.max(held.far, Math.hypot(event.clientX - held.x, event.clientY - held.y));
      if (held.far <= CLICK_PX || !mark.movable) return;
      const box = frame.getBoundingClientRect();
      element.classList.add("held");
      strayed.add(element);
      put(element, { x: event.clientX - box.left, y: event.clientY - box.top });
    });
    element.addEventListener("pointerup", (event) => {
      const box = frame.getBoundingClientRect();
      const far = held?.far ?? 0;
      held = null;
      element.classList.remove("held");
      if (far > CLICK_PX && mark.movable) onDrop(mark, ...view.unproject(event.clientX - box.left, event.clientY - box.top));
      else onChoose(mark);
    });
    element.addEventListener("pointercancel", () => { held = null; element.classList.remove("held"); placeMarks(); });
  };

  const drawOne = (mark) => {
    const element = draw("svg", {
      class: `mark ${mark.kind}${mark.movable ? " movable" : ""}`,
      viewBox: "-14 -14 28 28", "aria-hidden": "true", focusable: "false" },
    draw("title", {}, mark.title), drawMark(mark.kind));
    if (mark.kind !== "away") hold(element, mark);
    put(element, view.project(mark.lon, mark.lat));
    return element;
  };
  // Of hundreds of marks few change: those that stay are left alone.
  const setMarks = (wanted, chosen) => {
    const before = shown;
    const had = new Map(before.filter(({ element }) => !strayed.has(element)).map(({ key, element }) => [key, element]));
    shown = wanted.map((mark) => {
      const key = JSON.stringify([mark.kind, mark.id, mark.lon, mark.lat, mark.movable, mark.title]);
      return { ...mark, key, element: had.get(key) ?? drawOne(mark) };
    });
    const stay = new Set(shown.map(({ element }) => element));
    before.forEach(({ element }) => { if (!stay.has(element)) element.remove(); });
    shown.forEach(({ id, element }, i) => {
      element.classList.toggle("chosen", id === chosen);
      if (marks.children[i] !== element) marks.insertBefore(element, marks.children[i] ?? null);
    });
  };

  const setSpot = (lon, lat, more = {}) => {
    spot = { lon, lat, ...more };
    placeCross();
    onSpot(spot);
  };
  // Where something was placed the walk goes on, but nothing more is placed.
  const useSpot = (lon, lat) => {
    spot = { lon, lat, used: true };
    placeCross();
  };

  // The crosshair goes by steps; at the edge the map comes along.
  const step = ([x, y], length) => {
    const { width, height } = view.size();
    const at = spot ? view.project(spot.lon, spot.lat) : { x: width / 2, y: height / 2 };
    const inside = at.x >= 0 && at.y >= 0 && at.x <= width && at.y <= height;
    const to = inside && spot
      ? { x: at.x + x * length, y: at.y + y * length }
      : { x: width / 2, y: height / 2 };
    const over = (value, most) => Math.min(0, value - EDGE_PX) + Math.max(0, value - (most - EDGE_PX));
    const [dx, dy] = [over(to.x, width), over(to.y, height)];
    const [lon, lat] = view.unproject(to.x, to.y);
    if (dx || dy) view.panBy(dx, dy);
    setSpot(lon, lat);
  };

  const open = new AbortController();
  frame.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in ARROWS) step(ARROWS[event.key], event.shiftKey ? LONG_STEP_PX : STEP_PX);
    else if (event.key === "+" || event.key === "=") view.zoomBy(1, spot ? [spot.lon, spot.lat] : undefined);
    else if (event.key === "-") view.zoomBy(-1, spot ? [spot.lon, spot.lat] : undefined);
    else if (event.key === "Enter" || event.key === " ") {
      if (!spot) step([0, 0], 0);
      else onEnter(spot);
    } else if (event.key === "Escape") onEscape();
    else return;
    event.preventDefault();
  }, { signal: open.signal });
  // While the map moves the same names go along; where it comes to rest they are chosen anew.
  const takeNamesAlong = () => names.forEach(({ label, spot: [lon, lat] }) => {
    if (!label.hidden) put(label, view.project(lon, lat));
  });
  view.onMove((done) => {
    placeMarks();
    if (done) placeNames();
    else takeNamesAlong();
  });
  placeNames();
  placeMarks();

  // Another map takes its place.
  const close = () => {
    open.abort();
    [labels, marks, cross].forEach((one) => one.remove());
  };

  return { setMarks, setSpot, useSpot, spot: () => spot, placeNames, close };
};
