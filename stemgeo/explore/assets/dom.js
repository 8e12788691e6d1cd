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

// Other content in a place, while the focus stays with what has the same `data-key`.
export const renew = (place, ...children) => {
  const held = place.contains(document.activeElement) ? document.activeElement : null;
  const key = held?.dataset.key;
  const at = key && "selectionStart" in held ? [held.selectionStart, held.selectionEnd] : null;
  place.replaceChildren(...children.flat().filter(Boolean));
  if (!key) return;
  const again = [...place.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key);
  again?.focus({ preventScroll: true });
  if (at && at[0] !== null && again?.setSelectionRange) again.setSelectionRange(...at);
};

export const table = (caption, heads, rows, more = {}) => make("table", more,
  make("caption", {}, caption),
  make("thead", {}, make("tr", {}, heads.map((head) => make("th", { scope: "col" }, head)))),
  make("tbody", {}, rows.map(({ cells, ...attributes }) => make("tr", attributes,
    cells.map((cell, i) => (i ? make("td", {}, cell) : make("th", { scope: "row" }, cell)))))));
