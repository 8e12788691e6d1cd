// A sheet of paper: what the variant on the page changes, its map, and the variants side by side.
import { draw, make, table } from "./dom.js";
import { drawMark, drawSheet } from "./flatmap.js";
import { frameAround } from "./land.js";
import { ROADS } from "./look.js";
import { lengthOf, middleOf } from "./roads.js";

const CHANGES = ["placed", "moved", "closed"];

const swatch = (child) => draw("svg", { class: "swatch", viewBox: "-16 -9 32 18", "aria-hidden": "true" }, child);

export const drawLegend = ({ say, study, kinds, roads = false }) => {
  const { classes, colours } = study;
  const bounds = colours.map((colour, i) => make("li", {},
    swatch(draw("rect", { x: -15, y: -7, width: 30, height: 14, fill: colour, stroke: "#6b6b6b" })),
    say.text("class", { low: say.whole(classes[i]), high: say.whole(classes[i + 1]) })));
  const none = make("li", {}, swatch(draw("g", {}, draw("rect", { x: -15, y: -7, width: 30, height: 14, fill: "#ffffff", stroke: "#6b6b6b" }),
    draw("path", { d: "M-12 7L2-7M-2 7L12-7", stroke: "#6f6f6f", "stroke-width": 2 }))), say.text("class_none"));
  const marks = kinds.map((kind) => make("li", {}, swatch(drawMark(kind)), say.text(`mark.${kind}`)));
  const outlines = [
    make("li", {}, swatch(draw("rect", { x: -14, y: -6, width: 28, height: 12, fill: "none", stroke: "#a3005c", "stroke-width": 2.6 })), say.text("outline_gained")),
    make("li", {}, swatch(draw("rect", { x: -14, y: -6, width: 28, height: 12, fill: "none", stroke: "#1a1a1a", "stroke-width": 2.2, "stroke-dasharray": "5 4" })), say.text("outline_lost")),
  ];
  const lines = Object.entries(ROADS).map(([level, colour]) => make("li", {},
    swatch(draw("path", { d: "M-15 0H15", stroke: colour, "stroke-width": 3 })), say.text(`quiet.${level}`)));
  return [make("ul", { class: "classes" }, bounds, none), make("ul", {}, marks, outlines), roads ? make("ul", {}, lines) : ""];
};

export const makeSheet = ({ place, study, say, land, panels, changes }) => {
  const listIds = (variant) => [
    ...CHANGES.flatMap((kind) => variant[kind].map((one) => [kind, kind === "closed" ? { id: one } : one])),
    ...variant.roads.map((one) => [one.change, one])];
  const told = (variant, reply) => listIds(variant).map(([kind, one], i) => {
    if (one.line) {
      const { lon, lat } = middleOf(one.line);
      const length = reply?.roads?.find(({ id }) => id === one.id)?.length_m ?? lengthOf(one.line);
      return { cells: [`${i + 1}. ${one.name}`, say.text(`kind.${kind}`), changes.where(lon, lat), kind === "crossing" ? "" : say.metres(length)] };
    }
    const known = changes.academies.get(one.id);
    const where = kind === "closed" ? known?.address || (known ? changes.where(known.lon, known.lat) : "") : changes.where(one.lon, one.lat);
    const open = kind === "placed" ? one : known;
    return { cells: [`${i + 1}. ${one.name ?? known?.name ?? one.id}`, say.text(`kind.${kind}`), where, open ? changes.openTo(open) : ""] };
  });

  return ({ variant, reply, columns, reference, choice, looks, marks }) => {
    const rows = told(variant, reply);
    const order = new Map(listIds(variant).map(([kind, { id }], i) => [`${kind} ${id}`, i + 1]));
    const frame = frameAround(land, [...looks.gained, ...looks.lost], [
      ...marks.filter(({ kind, id }) => order.has(`${kind} ${id}`)).map(({ lon, lat }) => [lon, lat]),
      ...looks.edits.flatMap(({ line }) => line), ...looks.moves.flat()]);
    const numbered = marks.map((mark) => ({ ...mark, number: order.get(`${mark.kind} ${mark.id}`) }));
    place.replaceChildren(
      make("h1", {}, study.title),
      study.notice ? make("p", { class: "notice" }, study.notice) : "",
      make("p", {}, make("strong", {}, variant.name), " · ", say.text("sheet_choice", {
        roads: panels.name("profiles", choice.profile), speed: panels.name("scenarios", choice.scenario), ages: panels.name("bands", choice.band) })),
      drawSheet(land, looks, numbered, { width: 760, title: say.text("map"), frame }),
      make("p", { class: "small" }, say.text("legend_of", { minutes: say.whole(study.cutoff_min) })),
      make("div", { class: "legend" }, drawLegend({ say, study, kinds: ["academy", "placed", "moved", "closed", ...new Set(variant.roads.map(({ change }) => change))] })),
      make("h2", {}, say.text("changes")),
      rows.length
        ? table("", ["name", "change", "where", variant.roads.length ? "open_or_long" : "open_to"].map((head) => say.text(`head.${head}`)), rows, { class: "plain" })
        : make("p", {}, say.text("nothing_yet")),
      reply ? make("p", {}, panels.costOf(reply.cost)) : "",
      make("h2", {}, say.text("compare")),
      panels.compare(choice, columns, reference), ...panels.compareNotes(reference),
      make("p", { class: "small" }, say.text("sheet_day", { day: say.day(study.day), minutes: say.whole(study.cutoff_min), printed: say.day(new Date().toISOString().slice(0, 10)) })),
      make("p", { class: "small" }, say.text("mark_share")),
      make("p", { class: "small" }, study.attribution));
  };
};
