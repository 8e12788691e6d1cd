// Parts of the page. What comes from data is only ever text: nothing here reads markup.

const SVG = "http://www.w3.org/2000/svg";

const fill = (element, attributes, children) => {
  Object.entries(attributes).forEach(([name, value]) => {
    if (value === null || value === undefined || value === false) return;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "disabled") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  });
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
};

export const make = (tag, attributes = {}, ...children) => (
  fill(document.createElement(tag), attributes, children));

export const draw = (tag, attributes = {}, ...children) => (
  fill(document.createElementNS(SVG, tag), attributes, children));

export const byId = (id) => document.getElementById(id);

// A button is called by its words alone, and by more where these stand beside others alike.
export const button = (text, onclick, more = {}) => make("button", { type: "button", onclick, ...more }, text);

const keyed = (place) => [...place.querySelectorAll("[data-key]")];

// Other content in a place, while what has the same `data-key` keeps the focus, what was marked in
// it, whether it was open, and how far it was scrolled.
export const renew = (place, ...children) => {
  const held = place.contains(document.activeElement) ? document.activeElement : null;
  const key = held?.dataset.key;
  const marked = key && "selectionStart" in held ? [held.selectionStart, held.selectionEnd] : null;
  // To ask how far a thing is scrolled lays the page out: only of what scrolls.
  const before = new Map([...place.querySelectorAll("details[open], .scroll")].map((one) => (
    [one.dataset.key, one.open ? { open: true } : { left: one.scrollLeft, top: one.scrollTop }])));
  place.replaceChildren(...children.flat().filter(Boolean));
  place.querySelectorAll("details, .scroll").forEach((one) => {
    const was = before.get(one.dataset.key);
    if (was?.open) one.open = true;
    else if (was?.left || was?.top) [one.scrollLeft, one.scrollTop] = [was.left, was.top];
  });
  if (!key) return;
  const again = keyed(place).find((one) => one.dataset.key === key);
  // What had it is gone: it stays near, never nowhere.
  (again ?? place.closest("[tabindex='-1']") ?? keyed(place)[0])?.focus({ preventScroll: true });
  if (marked && marked[0] !== null && again?.setSelectionRange) again.setSelectionRange(...marked);
};

// Drawn in a task of its own: the focus has gone where it goes, and no button goes from under a
// finger that is on it.
export const makeLater = (run) => {
  let timer = 0;
  let pressed = false;
  let wanted = false;
  const later = () => {
    wanted = true;
    if (pressed || timer) return;
    timer = setTimeout(() => {
      timer = 0;
      if (pressed) return;
      wanted = false;
      run();
    });
  };
  const release = () => {
    pressed = false;
    if (wanted) later();
  };
  window.addEventListener("pointerdown", () => { pressed = true; }, true);
  window.addEventListener("pointerup", release, true);
  window.addEventListener("pointercancel", release, true);
  return later;
};

export const table = (caption, heads, rows, more = {}) => make("table", more,
  make("caption", {}, caption),
  make("thead", {}, make("tr", {}, heads.map((head) => make("th", { scope: "col" }, head)))),
  make("tbody", {}, rows.map(({ cells, ...attributes }) => make("tr", attributes,
    cells.map((cell, i) => (i ? make("td", {}, cell) : make("th", { scope: "row" }, cell)))))));
