// What was measured, by age, roads and speed: what is chosen of it, and each figure as the language
// writes it. Counts stand by single ages; `parts` says of which ages a choice is the sum.
const readFigures = ({ figures, tables, words }) => {
  const { parts, counts, classes, format, partlyBelow, start, changes } = figures;
  const choice = { ...start };
  const hearers = [];

  // A text with its parts, none of which is read as a text.
  const fill = (text, told) => text.replace(/\{(\w+)\}/g, (all, name) => (name in told ? told[name] : all));
  const whole = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, format.group);
  const counted = (forms, number) => fill(forms[Math.min(number, 2)], { count: whole(number) });

  // Rounded as people do; only all is 100, what comes near it is 99.9.
  const percent = (covered, measured) => {
    if (measured === 0) return words.no_figure;
    const thousandths = Math.floor((2000 * covered + measured) / (2 * measured));
    const shown = covered < measured ? Math.min(thousandths, 999) : thousandths;
    return `${whole(Math.floor(shown / 10))}${format.decimal}${shown % 10}${format.percent}`;
  };

  const columns = (ground, name, { band, roads, scenario }) => parts[band].map((one) => (
    name === "children" ? counts[ground]?.children[one] : counts[ground]?.[name]?.[roads]?.[scenario]?.[one]));
  const isMeasured = (asked, ground = "municipalities") => columns(ground, "covered", { ...choice, ...asked })
    .every((column) => column !== undefined);

  // A column that is the same everywhere stands there once.
  const sum = (ground, name, number, asked) => columns(ground, name, asked)
    .reduce((total, column) => total + (typeof column === "number" ? column : column[number]), 0);

  // The counts of a place, its share as written and its class (-1: no figure) in the choice.
  const of = (ground, number, asked = {}) => {
    const chosen = { ...choice, ...asked };
    const [children, covered, unmeasured] = ["children", "covered", "unmeasured"].map(
      (name) => sum(ground, name, number, chosen));
    const measured = children - unmeasured;
    const above = classes.slice(1, -1).filter((bound) => covered / measured >= bound / 100).length;
    return {
      children, covered, unmeasured, measured, uncovered: measured - covered,
      share: percent(covered, measured),
      ratio: measured ? covered / measured : null,
      class: measured ? above : -1,
      partly: measured > 0 && measured < partlyBelow * children,
    };
  };

  // The change of a share since the earlier result, in points; null where one of both has none.
  const points = (ground, number) => {
    const [now, then] = [ground, `${ground}_before`].map((one) => (
      isMeasured({}, one) ? of(one, number).ratio : null));
    return now === null || then === null ? null : Math.round((now - then) * 1e11) / 1e9;
  };
  const signed = (value) => {
    const tenths = Math.floor(Math.abs(value) * 10 + 0.5);
    const sign = { 1: "+", 0: "", "-1": "-" }[tenths && Math.sign(value)];
    return `${sign}${whole(Math.floor(tenths / 10))}${format.decimal}${tenths % 10}`;
  };

  // The class by which a place is coloured in a table's layer, and counted in its legend.
  const classed = (table, number) => {
    if (table !== "change") return of(table, number);
    const change = points(tables.change.of, number);
    if (change === null) return { class: -1, partly: false };
    const size = changes.filter((bound) => Math.abs(change) >= bound).length;
    return { class: 2 + Math.sign(change) * size, partly: false };
  };

  const isStart = () => Object.keys(start).every((name) => choice[name] === start[name]);
  const called = (name) => figures.switches[name].find(({ key }) => key === choice[name]).name;
  const chosen = () => Object.keys(start).map(called).join(words.series);
  const described = () => (isStart() ? "" : chosen());

  // The shares at the low and the high speed; none where one of them was not measured.
  const range = (ground, number) => {
    const ends = ["low", "high"].filter((scenario) => isMeasured({ scenario }))
      .map((scenario) => of(ground, number, { scenario }));
    return ends.length === 2 && ends.every((one) => one.measured) ? ends.map((one) => one.share) : [];
  };

  // What is told of a place: head and cell, in the order of its table; an empty cell is not known.
  const told = (ground, number) => {
    const { columns: heads, figures: named, rows, of: source = ground } = tables[ground];
    const own = rows[number].values();
    const write = {
      "": () => own.next().value,
      start: () => [own.next().value, isStart()].reduce((cell, shown) => (shown ? cell : "")),
      share: () => of(source, number).share,
      share_before: () => (isMeasured({}, `${source}_before`) ? of(`${source}_before`, number).share : ""),
      points: () => {
        const change = points(source, number);
        return change === null ? "" : fill(words.points, { points: signed(change) });
      },
      range: () => {
        const [low, high] = range(source, number);
        return low ? fill(words.range, { low, high }) : "";
      },
    };
    return heads.map((head, i) => {
      const name = named?.[i] ?? "";
      return [head, name in write ? write[name]() : whole(of(source, number)[name])];
    });
  };

  const choose = (asked) => {
    Object.assign(choice, asked);
    hearers.forEach((hear) => hear());
  };
  const onChoice = (hear) => hearers.push(hear);

  return { choice, switches: figures.switches, isMeasured, choose, onChoice, of, range, classed, points, signed, told, chosen, described, fill, whole, counted };
};
