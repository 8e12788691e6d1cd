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

export const download = (variant, nameOf) => {
  const address = URL.createObjectURL(new Blob([writePlan(variant, nameOf)], { type: "text/csv" }));
  const file = variant.name.replace(/[^\p{L}\p{N} _-]+/gu, " ").trim().slice(0, 60) || "plan";
  make("a", { href: address, download: `${file}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
};
