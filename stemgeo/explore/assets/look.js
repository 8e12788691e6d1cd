// How things look, on the map, in the plain drawing and on paper alike.

export const INK = "#1a1a1a";
export const ACCENT = "#a3005c";
export const BORDER = "#404040";
export const GAINED = "#a3005c";
export const LOST = "#1a1a1a";
// From blue to brown: told apart whichever colours one sees.
export const ROADS = { 1: "#56b4e9", 2: "#0072b2", 3: "#e69f00", 4: "#a33d00", pushed: "#6f6f6f" };
export const ISOCHRONE = [["#a3005c", 0.2], ["#a3005c", 0.12], ["#a3005c", 0.06]];

// Borders between municipalities stand out from a light and from a dark ground.
export const isDark = (colour) => {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b < 0.4;
};

// The areas of an isochrone from the nearest to the farthest, with the look of each.
export const listAreas = (areas) => [...(areas?.features ?? [])]
  .sort((a, b) => a.properties.minutes_to - b.properties.minutes_to)
  .map((area, i) => ({ area, colour: ISOCHRONE[Math.min(i, 2)][0], opacity: ISOCHRONE[Math.min(i, 2)][1] }));

// Lines of roads that change: told apart by their strokes, for paper may be grey.
export const EDITS = {
  quiet: { colour: ACCENT, dash: null }, open: { colour: ACCENT, dash: [3, 1.2] },
  add: { colour: ACCENT, dash: [1.2, 0.8] }, close: { colour: INK, dash: [0.7, 0.7] },
};
export const EDIT_WIDTH = 4;
export const SKETCH = "#ffd400";

const SQUARE = "M-7.5-7.5H7.5V7.5H-7.5Z";

// Marks are shapes before they are colours: paper may be grey.
export const SHAPES = {
  academy: { d: "M0-5.5A5.5 5.5 0 1 1 0 5.5A5.5 5.5 0 1 1 0-5.5Z", fill: "#ffffff", stroke: INK },
  placed: { d: "M0-9L9 0L0 9L-9 0Z", fill: ACCENT, stroke: "#ffffff", inner: "M-4 0H4M0-4V4" },
  moved: { d: "M0-8.5L8.5 7H-8.5Z", fill: ACCENT, stroke: "#ffffff" },
  closed: { d: "M0-6A6 6 0 1 1 0 6A6 6 0 1 1 0-6Z", fill: "#ffffff", stroke: INK, inner: "M-4-4L4 4M4-4L-4 4", ink: INK },
  quiet: { d: SQUARE, fill: ACCENT, stroke: "#ffffff", inner: "M-5 1C-3-4-1-4 0 0S3 4 5-1" },
  open: { d: SQUARE, fill: ACCENT, stroke: "#ffffff", inner: "M-5 0H5M-2-3L-5 0L-2 3M2-3L5 0L2 3" },
  close: { d: SQUARE, fill: "#ffffff", stroke: INK, inner: "M-4-4L4 4M4-4L-4 4", ink: INK },
  add: { d: SQUARE, fill: ACCENT, stroke: "#ffffff", inner: "M-4 0H4M0-4V4" },
  crossing: { d: SQUARE, fill: ACCENT, stroke: "#ffffff", inner: "M-3-5V5M0-5V5M3-5V5" },
  away: { d: "M0-5A5 5 0 1 1 0 5A5 5 0 1 1 0-5Z", fill: "none", stroke: INK, dash: "2 2" },
};
