// How figures, days and texts are written in the language of the study.

const REGIONS = { nl: "nl-BE", fr: "fr-BE", en: "en-GB" };
// Before the sign of per cent, as `stemgeo.speech` has it.
const PER_CENT = { nl: "\u00a0%", fr: "\u202f%", en: "%" };
const DASH = "\u2013";
// Below this part of its children a share speaks for too few: it bears a mark.
const ENOUGH = 0.5;

export const makeSay = ({ language, words }) => {
  const region = REGIONS[language] ?? "nl-BE";
  const numbers = new Intl.NumberFormat(region, { useGrouping: "always", maximumFractionDigits: 0 });
  const tenths = new Intl.NumberFormat(region, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const euros = new Intl.NumberFormat(region, { useGrouping: "always", maximumFractionDigits: 2 });
  const days = new Intl.DateTimeFormat(region, { dateStyle: "long", timeZone: "UTC" });
  const plurals = new Intl.PluralRules(region);
  const lists = new Intl.ListFormat(region, { type: "conjunction" });

  const find = (key) => words[`explore.page.${key}`] ?? words[`page.${key}`];
  const has = (key) => find(key) !== undefined;
  // Parts are put in once: what stands in a part is never read as a text.
  const text = (key, parts = {}) => (find(key) ?? key).replace(
    /\{(\w+)\}/g, (all, name) => (name in parts ? parts[name] : all));
  const whole = (number) => numbers.format(number);
  const signed = (number) => `${number > 0 ? "+" : number < 0 ? "-" : ""}${whole(Math.abs(number))}`;
  const count = (key, number, parts = {}) => {
    const form = `${key}.${plurals.select(number)}`;
    return text(has(form) ? form : `${key}.other`, { count: whole(number), ...parts });
  };

  // Rounded as people do; only all is 100, what comes near it is 99.9.
  const thousandths = (covered, measured) => {
    const near = Math.floor((2000 * covered + measured) / (2 * measured));
    return covered < measured ? Math.min(near, 999) : near;
  };
  const share = ({ children, covered, measured }) => {
    if (!measured) return DASH;
    const mark = measured < ENOUGH * children ? "*" : "";
    return `${tenths.format(thousandths(covered, measured) / 10)}${PER_CENT[language] ?? "%"}${mark}`;
  };
  const pointsAlone = (before, after) => {
    if (!before.measured || !after.measured) return DASH;
    const tenth = Math.round((after.covered / after.measured - before.covered / before.measured) * 1e12) / 1e9;
    const size = Math.floor(Math.abs(tenth) + 0.5) / 10;
    const sign = size === 0 ? "" : tenth > 0 ? "+" : "-";
    return `${sign}${tenths.format(size)}`;
  };
  const points = (before, after) => text("points", { number: pointsAlone(before, after) });
  const euro = (amount) => text("euro", { number: euros.format(amount) });
  const signedEuro = (amount) => text("euro", {
    number: `${amount > 0 ? "+" : amount < 0 ? "-" : ""}${euros.format(Math.abs(amount))}` });
  const day = (iso) => {
    const said = days.format(new Date(`${iso}T00:00:00Z`));
    return language === "fr" ? said.replace(/^1 /, "1er ") : said;
  };
  const metres = (distance) => (distance < 1000
    ? text("metres", { number: whole(Math.round(distance)) })
    : text("kilometres", { number: tenths.format(distance / 1000) }));
  const list = (names) => lists.format(names);
  const compare = new Intl.Collator(region, { numeric: true }).compare;

  return { language, region, text, has, count, whole, signed, share, points, pointsAlone, euro, signedEuro, day, metres, list, compare, DASH };
};
