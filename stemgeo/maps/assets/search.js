// A search by the beginning of any word, with a list of hits: the combobox of the ARIA practices.
// Marks, capitals, spaces and hyphens are alike in it.
const bare = (text) => text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "")
  .replace(/œ/g, "oe").replace(/æ/g, "ae").replace(/ß/g, "ss")
  .replace(/[^\p{L}\p{N}]+/gu, " ").trim();

// The whole name, its beginning, a later word, the name in one word, words in any order; else none.
const rankHit = (name, typed) => {
  if (name === typed) return 0;
  if (name.startsWith(typed)) return 1;
  if (` ${name}`.includes(` ${typed}`)) return 2;
  if (name.replace(/ /g, "").startsWith(typed.replace(/ /g, ""))) return 3;
  return typed.split(" ").every((word) => ` ${name}`.includes(` ${word}`)) ? 4 : -1;
};

const findHits = (entries, typed) => {
  const wanted = bare(typed);
  if (!wanted) return [];
  return entries.map((entry, order) => ({ entry, order, rank: rankHit(entry.bare, wanted) }))
    .filter(({ rank }) => rank >= 0)
    .sort((one, other) => one.rank - other.rank || one.order - other.order);
};

// `root` holds the field, the list and where hits are counted; of an entry `name` is searched, and
// `said` stands beside it. `fill` puts parts in a text; `choose` takes the entry.
const makeSearch = (root, { entries, words, fill, choose }) => {
  const MOST = 50;
  const field = root.querySelector("[role=combobox]");
  const list = root.querySelector("[role=listbox]");
  const counted = root.querySelector("[role=status]");
  const known = entries.map((entry) => ({ ...entry, bare: bare(entry.name) }));
  let hits = [];
  let at = -1;

  const point = (to) => {
    at = to;
    [...list.children].forEach((option, i) => option.setAttribute("aria-selected", i === at));
    const option = list.children[at];
    option?.scrollIntoView({ block: "nearest" });
    if (option) field.setAttribute("aria-activedescendant", option.id);
    else field.removeAttribute("aria-activedescendant");
  };

  const unfold = (is) => {
    list.hidden = !is;
    field.setAttribute("aria-expanded", is);
    if (!is) point(-1);
  };

  const written = ({ entry: { name, said } }, i) => {
    const option = document.createElement("li");
    option.id = `${list.id}-${i}`;
    option.setAttribute("role", "option");
    option.append(Object.assign(document.createElement("b"), { textContent: name }), " ");
    option.append(Object.assign(document.createElement("span"), { textContent: said }));
    return option;
  };

  const count = () => {
    if (!hits.length) return field.value.trim() ? words.not_found : "";
    return fill(hits.length > MOST ? words.hits_first : words.hits, { count: hits.length, shown: MOST });
  };

  const search = () => {
    hits = findHits(known, field.value);
    list.replaceChildren(...hits.slice(0, MOST).map(written));
    list.scrollTop = 0;
    unfold(hits.length > 0);
    point(-1);
    counted.textContent = count();
  };

  const pick = ({ entry }) => {
    field.value = entry.name;
    unfold(false);
    counted.textContent = "";
    // A phone would keep its keyboard over the map.
    if (window.matchMedia("(pointer: coarse)").matches) field.blur();
    choose(entry);
  };

  // What is called so, begins so, or alone was found is meant; of several one is chosen first.
  const enter = () => {
    if (at < 0) search();
    const meant = [0, 1, 4].map((most) => hits.filter(({ rank }) => rank <= most)).find((found) => found.length === 1);
    if (at >= 0) pick(hits[at]);
    else if (meant) pick(meant[0]);
    else if (hits.length) point(0);
  };

  const move = (by) => {
    if (list.hidden) search();
    const shown = list.children.length;
    if (!list.hidden) point(at < 0 && by < 0 ? shown - 1 : (at + by + shown) % shown);
  };

  const escape = () => {
    if (list.hidden) field.value = counted.textContent = "";
    unfold(false);
  };

  const keys = { ArrowDown: () => move(1), ArrowUp: () => move(-1), Enter: enter, Escape: escape };
  field.addEventListener("keydown", (event) => {
    if (event.isComposing || !(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
  });
  field.addEventListener("input", search);
  field.addEventListener("blur", () => unfold(false));
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) pick(hits[[...list.children].indexOf(option)]);
  });
};
