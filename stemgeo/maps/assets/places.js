// Each place that can be gone to: the key of its address, the names it is searched by, its shapes.
const PREFIXES = { academies: "academy-", planned: "academy-", moved: "academy-", rough: "academy-", gaps: "gap-", "quiet-gaps": "gap-" };

const listPlaces = ({ tables, aliases }) => {
  const towns = tables.municipalities.rows;
  const kind = (ground) => tables[ground].columns[0];
  const list = (ground, said) => (tables[ground]?.keys ?? []).map((key, number) => (
    { key: `${PREFIXES[ground] ?? ""}${key}`, name: tables[ground].rows[number][0], said: said(tables[ground].rows[number]), ground, number }));

  const municipalities = list("municipalities", ([, province]) => province);
  const provinces = list("provinces", () => kind("provinces"))
    .map((one) => ({ ...one, towns: towns.flatMap((row, i) => (row[1] === one.name ? [i] : [])) }))
    .filter((one) => one.towns.length);
  const other = aliases.map(([name, said, number, key]) => ({ ...municipalities[number], name, said, key, alias: true }));
  const academies = ["academies", "planned", "moved", "rough"].flatMap((ground) => (
    list(ground, ([, organisation]) => [kind(ground), organisation].filter(Boolean).join(", "))));
  const gaps = ["gaps", "quiet-gaps"].flatMap((ground) => list(ground, () => ""));

  const keyed = new Map();
  [...municipalities, ...other, ...provinces, ...academies, ...gaps].forEach((one) => {
    if (one.key && !keyed.has(one.key)) keyed.set(one.key, one);
  });
  const { compare } = new Intl.Collator("nl", { numeric: true });
  const named = [municipalities, provinces, other, academies].flatMap((kind) => (
    kind.filter(({ name }) => name).sort((one, another) => compare(one.name, another.name))));
  // The address of an alias without one is that of its municipality.
  const keyOf = ({ key, ground, number }) => key || (ground === "municipalities" ? municipalities[number].key : "");
  const at = (ground, number) => [...keyed.values()].find((one) => (
    one.ground === ground && one.number === number && !one.alias));
  return { named, keyOf, at, find: (key) => keyed.get(key) };
};

// Goes to places on a map and tells of them in `found`, for as long as they are looked at.
const visitPlaces = ({ map, layers, show, shapes, pair, figures }, { tables, corners, words }, found) => {
  const outline = L.layerGroup().addTo(map);
  let at = null;

  const shapesOf = ({ ground, number, towns }) => {
    const all = shapes(towns ? "municipalities" : ground);
    const numbers = towns ?? [number];
    return (all.features ?? all).filter(({ id }) => numbers.includes(id));
  };

  const tell = () => {
    if (!at) return;
    const { name, said, alias, ground, number } = at;
    const [[, own], ...cells] = figures.told(ground, number);
    const rest = cells.filter(([, cell]) => cell !== "").map(([head, cell]) => pair(head, cell));
    const chosen = figures.described();
    found.textContent = [...(alias && name ? [`${name} (${said})`] : []), own, ...rest, ...(chosen ? [chosen] : [])].join(" · ");
  };
  figures.onChoice(tell);

  const leave = () => {
    at = null;
    found.textContent = "";
    outline.clearLayers();
    map.fitBounds(corners, { animate: false });
  };

  const go = (place, { moves }) => {
    at = place;
    outline.clearLayers();
    tell();
    if (!moves) return;
    const drawn = shapesOf(place);
    const isPoint = drawn[0].geometry.type === "Point";
    if (place.ground in layers && !map.hasLayer(layers[place.ground])) layers[place.ground].addTo(map);
    map.fitBounds(L.geoJSON(drawn).getBounds(), { maxZoom: isPoint ? 12 : 11, animate: false });
    if (!place.towns && show(place.ground, place.number)) return;
    const looks = { pane: "focus", interactive: false, fill: false, color: "#a3005c", weight: 3 };
    L.geoJSON(drawn, { ...looks, style: looks }).addTo(outline);
  };

  const miss = (key) => {
    at = null;
    outline.clearLayers();
    found.textContent = figures.fill(words.unknown_place, { name: key });
  };
  return { go, leave, miss };
};
