// Counts of places before and after a change, in what is chosen: roads, speed and age.

export const NONE = { children: 0, unmeasured: 0, measured: 0, covered: 0, gained: 0, lost: 0 };

const read = (counts) => {
  if (!counts) return null;
  const [children, covered, unmeasured, gained, lost] = counts;
  return { children, unmeasured, measured: children - unmeasured, covered, gained, lost };
};

export const makeFigures = (study) => {
  const { classes, colours } = study;
  const base = Object.fromEntries(Object.entries(study.places).map(([level, places]) => (
    [level, new Map(places.map((one) => [one.code, one]))])));

  const pick = (place, { profile, scenario, band }) => read(place?.figures?.[profile]?.[scenario]?.[band]);

  // A place that a change leaves alone is as it was.
  const changedOf = (reply, level) => new Map((reply?.places?.[level] ?? []).map((one) => [one.code, one]));

  const of = (level, code, reply, choice, changed = changedOf(reply, level)) => {
    const after = pick(changed.get(code) ?? base[level].get(code), choice) ?? NONE;
    return { ...after, before: { ...after, covered: after.covered - after.gained + after.lost } };
  };

  const list = (level, reply, choice) => {
    const changed = changedOf(reply, level);
    return [...base[level].values()].map(({ code, name, province }) => (
      { code, name, province, ...of(level, code, reply, choice, changed) }));
  };

  const total = (reply, choice) => {
    const codes = [...base.region.keys()];
    return codes.length ? of("region", codes[0], reply, choice) : { ...NONE, before: NONE };
  };

  // The class of a share, -1 where there is none: only what reaches a bound is above it.
  const classOf = ({ covered, measured }) => (measured
    ? classes.slice(1, -1).filter((bound) => 100 * covered >= bound * measured).length
    : -1);
  const colourOf = (figure) => colours[classOf(figure)] ?? null;

  return { of, list, total, classOf, colourOf };
};
