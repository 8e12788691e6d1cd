// What is read beside the map: figures of what is chosen, the variants side by side, every place.
import { make, table } from "./dom.js";
import { countChanges } from "./state.js";

// More of them are opened when they are wanted.
const MOST_GAPS = 6;
export const SPEEDS = ["low", "central", "high"];

export const makePanels = ({ study, say, figures }) => {
  const name = (kind, key) => study[kind].find((one) => one.key === key)?.name ?? key;
  const scenarios = study.scenarios.map(({ key }) => key);
  const bySpeed = [...study.scenarios].sort((a, b) => SPEEDS.indexOf(a.key) - SPEEDS.indexOf(b.key));
  const net = ({ gained, lost }) => gained - lost;
  const ranges = (read) => {
    const ends = [scenarios.find((key) => key === "low"), scenarios.find((key) => key === "high")];
    return ends.every(Boolean) ? say.text("range", { low: read(ends[0]), high: read(ends[1]) }) : "";
  };

  const headline = (reply, choice) => {
    const all = figures.total(reply, choice);
    const at = (scenario) => figures.total(reply, { ...choice, scenario });
    return make("div", { class: "headline" },
      make("p", { class: "big" },
        make("strong", { id: "gained" }, say.signed(all.gained)), " ", make("span", {}, say.count("gained", all.gained)), " ",
        make("strong", { id: "lost", class: all.lost ? "falls" : "" }, say.signed(-all.lost)), " ", make("span", {}, say.count("lost", all.lost))),
      make("p", {}, say.text("headline", {
        before: say.share(all.before), after: say.share(all), points: say.points(all.before, all),
        covered: say.whole(all.covered), children: say.whole(all.children) }), " ",
      choice.scenario === "central" ? ranges((scenario) => say.share(at(scenario))) : ""),
      all.unmeasured ? make("p", { class: "small" }, say.count("unmeasured", all.unmeasured)) : null);
  };

  const HEADS = ["gained", "lost", "covered", "before", "after"];
  const heads = (first) => [say.text(first), ...HEADS.map((head) => say.text(`head.${head}`))];
  const cells = (figure) => [
    say.signed(figure.gained), say.signed(-figure.lost), say.whole(figure.covered),
    say.share(figure.before), say.share(figure)];
  const rowOf = (said, figure, more = {}) => ({ cells: [said, ...cells(figure)], class: net(figure) || figure.gained ? "changes" : "", ...more });

  const roads = (reply, choice) => table(say.text("by_roads"), heads("head.roads"),
    study.profiles.flatMap(({ key, name: profile }) => bySpeed.map(({ key: scenario, name: speed }) => rowOf(
      say.text("roads_at", { roads: profile, speed }), figures.total(reply, { ...choice, profile: key, scenario }),
      { "data-row": `${key} ${scenario}`, "aria-current": key === choice.profile && scenario === choice.scenario ? "true" : null }))));
  const ages = (reply, choice) => table(say.text("by_age"), heads("head.age"),
    study.bands.map(({ key, name: band }) => rowOf(band, figures.total(reply, { ...choice, band: key }), {
      "data-row": key, "aria-current": key === choice.band ? "true" : null })));
  const provinces = (reply, choice) => table(say.text("by_province"), heads("head.province"),
    figures.list("province", reply, choice).map((one) => rowOf(one.name, one, { "data-row": one.code })));
  const changedPlaces = (reply, choice) => {
    const moved = figures.list("municipality", reply, choice).filter(({ gained, lost }) => gained || lost)
      .sort((a, b) => net(b) - net(a) || say.compare(a.name, b.name));
    return moved.length
      ? table(say.text("by_place"), heads("head.place"), moved.map((one) => rowOf(one.name, one, { "data-row": one.code })))
      : make("p", {}, say.text("no_place"));
  };
  const wide = (one) => {
    const label = one.querySelector("caption")?.textContent;
    return label ? make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label, "data-key": label }, one) : one;
  };

  const gaps = (reply) => {
    const closing = reply.gaps.filter(({ closes }) => closes);
    const smaller = reply.gaps.filter(({ closes, before, after }) => !closes && before !== after);
    const line = (one) => make("li", {}, say.text(one.profile === study.profiles[0].key ? "gap" : "gap_on", {
      roads: name("profiles", one.profile),  id: one.gap_id, name: one.name, before: say.whole(one.before), after: say.whole(one.after) }));
    return make("div", { class: "gaps" },
      make("h3", {}, say.count("gaps_close", closing.length)),
      closing.length > MOST_GAPS
        ? make("details", { "data-key": "closing" }, make("summary", { "data-key": "gaps closing" }, say.text("gaps_list")), make("ul", {}, closing.map(line)))
        : make("ul", {}, closing.map(line)),
      smaller.length ? make("details", { "data-key": "gaps" }, make("summary", { "data-key": "gaps change" }, say.count("gaps_change", smaller.length)), make("ul", {}, smaller.map(line))) : null);
  };

  const costOf = (cost) => {
    if (!cost || cost.before_eur === null || cost.after_eur === null) return say.text("cost_none");
    const parts = { before: say.euro(cost.before_eur), after: say.euro(cost.after_eur), more: say.signedEuro(cost.after_eur - cost.before_eur), year: cost.rules_year };
    const envelope = cost.envelope_eur ? say.text("cost_envelope", { envelope: say.euro(cost.envelope_eur) }) : "";
    return `${say.text(cost.known ? "cost" : "cost_unknown", parts)} ${envelope}`.trim();
  };

  const now = (reply, choice) => [
    headline(reply, choice),
    make("h3", {}, say.text("cost_head")), make("p", { id: "cost" }, costOf(reply.cost)),
    gaps(reply),
    wide(roads(reply, choice)), wide(ages(reply, choice)), wide(provinces(reply, choice)), wide(changedPlaces(reply, choice)),
    ...reply.notes.map((note) => make("p", { class: "small note" }, note)),
  ];

  const roadsOf = (reply, variant) => (reply ? (reply.roads ?? []).reduce((sum, { length_m: length }) => sum + (length ?? 0), 0) : (variant.roads.length ? undefined : 0));

  // Variants side by side: each measure a row, the difference with one of them after it.
  const measures = (choice, columns) => {
    const total = (reply, more = {}) => (reply ? figures.total(reply, { ...choice, ...more }) : null);
    const other = study.profiles.filter(({ key }) => key !== choice.profile);
    // The provinces in which a variant changes anything, unless the study is of one.
    const changes = new Set(columns.filter(({ reply }) => reply).flatMap(({ reply }) => (
      figures.list("province", reply, choice).filter(({ gained, lost }) => gained || lost).map(({ code }) => code))));
    const moving = study.places.province.length > 1 ? study.places.province.filter(({ code }) => changes.has(code)) : [];
    return [
      ["measure.changes", (reply, variant) => countChanges(variant), say.whole, say.signed],
      ...(columns.some(({ variant }) => variant.roads.length) ? [["measure.roads", (reply, variant) => roadsOf(reply, variant), say.metres, (more) => `${more > 0 ? "+" : more < 0 ? "-" : ""}${say.metres(Math.abs(more))}`]] : []),
      ["measure.gained", (reply) => total(reply)?.gained, say.whole, say.signed],
      ["measure.lost", (reply) => total(reply)?.lost, say.whole, say.signed],
      ["measure.covered", (reply) => total(reply)?.covered, say.whole, say.signed],
      ["measure.share", (reply) => total(reply), say.share, null],
      ...["low", "high"].filter((key) => scenarios.includes(key) && key !== choice.scenario).map((scenario) => (
        [`measure.share_${scenario}`, (reply) => total(reply, { scenario }), say.share, null])),
      ...other.map(({ key, name: roadsName }) => [["measure.covered_on", { roads: roadsName }], (reply) => total(reply, { profile: key })?.covered, say.whole, say.signed]),
      ...moving.map(({ code, name: province }) => [["measure.covered_in", { province }, code], (reply) => (reply ? figures.of("province", code, reply, choice).covered : null), say.whole, say.signed]),
      ["measure.gaps", (reply) => reply?.gaps.filter(({ closes }) => closes).length, say.whole, say.signed],
      ["measure.cost", (reply) => (reply?.cost?.known ? reply.cost.after_eur - reply.cost.before_eur : undefined), say.signedEuro, say.signedEuro],
    ];
  };
  const compareRows = (choice, columns, reference) => measures(choice, columns).map(([key, read, write, differ]) => {
    const said = Array.isArray(key) ? say.text(key[0], key[1]) : say.text(key);
    const base = reference ? read(reference.reply, reference.variant) : undefined;
    return { "data-row": Array.isArray(key) ? [key[0], key[2]].filter(Boolean).join(" ") : key, cells: [said, ...columns.map(({ reply, variant }) => {
      const value = read(reply, variant);
      if (value === undefined || value === null) return say.DASH;
      if (!reference || variant.key === reference.variant.key || base === undefined || base === null) return write(value);
      const more = differ ? differ(value - base) : say.pointsAlone(base, value);
      return [make("span", {}, write(value)), " ", make("span", { class: "difference" }, say.text("difference", { more }))];
    })] };
  });
  const compare = (choice, columns, reference) => table(
    say.text("compare_caption", { roads: name("profiles", choice.profile), speed: name("scenarios", choice.scenario), ages: name("bands", choice.band) }),
    [say.text("head.measure"), ...columns.map(({ variant }) => variant.name)], compareRows(choice, columns, reference), { class: "side-by-side" });

  const compareNotes = (reference) => (reference ? [make("p", { class: "small" }, say.text("difference_note", { name: reference.variant.name }))] : []);

  const everyPlace = (reply, choice) => wide(table(say.text("all_places"), [say.text("head.place"), say.text("head.province"), say.text("head.children"), ...HEADS.map((head) => say.text(`head.${head}`))],
    figures.list("municipality", reply, choice).sort((a, b) => say.compare(a.name, b.name)).map((one) => ({
      "data-row": one.code, cells: [one.name, one.province ?? "", say.whole(one.children), ...cells(one)] }))));

  return { now, compare, compareNotes, everyPlace, wide, costOf, name };
};
