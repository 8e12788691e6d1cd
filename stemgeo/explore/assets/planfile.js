// A variant as a plan file, made by the page alone: what stands here is kept without the server.
import { make } from "./dom.js";

const COLUMNS = ["academy_id", "change", "name", "lon", "lat", "min_age", "max_age", "valid_from", "valid_until"];
const FORMULA = /^[=+\-@\t\r]/;

// A text that a spreadsheet would compute bears an apostrophe, as in every table of the study.
const cell = (value) => {
  const text = String(value ?? "");
  const plain = typeof value === "string" && FORMULA.test(text) ? `'${text}` : text;
  return /[",;\n\r]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
};

export const writePlan = ({ placed, moved, closed }, nameOf) => {
  const rows = [
    ...placed.map((one) => ({ ...one, change: "new" })),
    ...moved.map((one) => ({ ...one, change: "moved", name: nameOf(one.id) })),
    ...closed.map((id) => ({ id, change: "closed", name: nameOf(id) })),
  ];
  const lines = rows.map((row) => COLUMNS.map((name) => cell(name === "academy_id" ? row.id : row[name])).join(","));
  return `${[COLUMNS.join(","), ...lines].join("\n")}\n`;
};

// The roads of a variant as the file of edits that a run takes.
const guarded = (text) => (FORMULA.test(text) ? `'${text}` : text);
export const writeEdits = ({ name, roads }) => JSON.stringify({
  type: "FeatureCollection", name,
  features: roads.map(({ id, name: called, change, line, level, oneway, way }) => ({
    type: "Feature",
    properties: { edit_id: guarded(id), name: guarded(called), change, level: ["quiet", "add"].includes(change) ? level : null, oneway, osm_way: way || null, cost_eur: null },
    geometry: change === "crossing" ? { type: "Point", coordinates: line[0] } : { type: "LineString", coordinates: line },
  })),
});

const give = (content, type, name) => {
  const address = URL.createObjectURL(new Blob([content], { type }));
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
};

export const download = (variant, nameOf) => {
  const file = variant.name.replace(/[^\p{L}\p{N} _-]+/gu, " ").trim().slice(0, 60) || "plan";
  const { placed, moved, closed, roads } = variant;
  if (placed.length + moved.length + closed.length || !roads.length) give(writePlan(variant, nameOf), "text/csv", `${file}.csv`);
  if (roads.length) give(writeEdits(variant), "application/geo+json", `${file}.edits.geojson`);
};
