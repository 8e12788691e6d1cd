// What stands around the map: controls, legend, search, table, address of what is looked at, print.
const placeControls = ({ root, map, layers }, { words }) => {
  const container = map.getContainer();
  container.setAttribute("role", "application");
  container.setAttribute("aria-label", words.map);
  container.setAttribute("aria-describedby", root.querySelector("#keyboard").id);

  // Beside the map, where it covers nothing.
  root.querySelector("#layers").append(container.querySelector(".leaflet-control-layers"));
  L.control.zoom({ zoomInTitle: words.zoom_in, zoomOutTitle: words.zoom_out }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  if ("background" in layers) {
    const credit = L.control.attribution({ prefix: false }).addTo(map);
    credit.addAttribution(layers.background.getLayers()[0].getAttribution());
  }

  // The legend tells of the layers that are shown, and of no other.
  const legend = () => root.querySelectorAll("[data-layer]").forEach((part) => {
    part.hidden = !map.hasLayer(layers[part.dataset.layer]);
  });
  map.on("layeradd layerremove", legend);
  legend();
};

// A place is searched, pointed at, or named by the address: each leads to the same.
const findPlaces = (told, data) => {
  const { root, map, figures } = told;
  const places = listPlaces(data);
  const { go, leave, miss } = visitPlaces(told, data, root.querySelector("#found"));
  let asked = null; // what was searched may have the address of another, whose name it was

  const visit = keepAddress({
    find: (key) => (asked && places.keyOf(asked) === key ? asked : places.find(key)),
    go: (place, how) => {
      go(place, how);
      asked = null;
    },
    leave,
    miss,
  });
  makeSearch(root.querySelector("#search"), {
    entries: places.named,
    words: data.words,
    fill: figures.fill,
    choose: (entry) => {
      asked = entry;
      visit(places.keyOf(entry));
    },
  });
  map.on("chosen", ({ ground, number }) => {
    const place = places.at(ground, number);
    if (place) visit(place.key, { moves: false });
  });
  // From the table one goes up to the map, and the arrows go on from there.
  root.querySelector("#figures").addEventListener("click", (event) => {
    const link = event.target.closest("tbody a");
    if (!link) return;
    event.preventDefault();
    map.getContainer().scrollIntoView({ block: "center" });
    visit(decodeURIComponent(link.hash.slice(1)));
    map.getContainer().focus({ preventScroll: true });
  });
};

const takeTable = ({ root, figures }, { tables, words, title, notice, ...data }) => {
  const table = root.querySelector("#figures table");
  const { figures: named, keys } = tables[table.dataset.ground];
  const { format } = data.figures;
  sortTable(table, { figures, format, named });
  root.querySelector("#download").addEventListener("click", () => {
    const name = bare([title, figures.described()].join(" ")).replace(/ /g, "-").slice(0, 120);
    const lines = listLines(table, { figures, format, named, keys, words, notice });
    saveText(writeCsv(lines), `${name || table.dataset.ground}.csv`);
  });
};

// What is wider than its part of the page is scrolled by keyboard too.
const scrollByKeys = ({ root }) => root.querySelectorAll(".scroll").forEach((part) => {
  new ResizeObserver(() => {
    if (part.scrollWidth > part.clientWidth) part.tabIndex = 0;
    else part.removeAttribute("tabindex");
  }).observe(part);
});

// A link within the page goes to what it names, and opens it.
const followLinks = ({ root, map }) => root.querySelectorAll(".skip a").forEach((link) => (
  link.addEventListener("click", (event) => {
    event.preventDefault();
    const part = root.querySelector(link.hash);
    if (part.matches("details")) part.open = true;
    (part.querySelector("summary") ?? map.getContainer()).focus();
  })));

// Paper is narrower than the screen: show the same ground there, and again on the screen.
const fitPaper = ({ root, map }) => {
  const paper = window.matchMedia("print");
  const snap = map.options.zoomSnap;
  let ground = map.getBounds();
  const refit = () => {
    const shown = ground;
    map.options.zoomSnap = paper.matches ? 0 : snap;
    map.invalidateSize({ animate: false, pan: false });
    map.fitBounds(shown, { animate: false });
  };
  map.on("moveend", () => {
    if (!paper.matches) ground = map.getBounds();
  });
  paper.addEventListener("change", refit);
  new ResizeObserver(() => {
    if (paper.matches) refit();
  }).observe(map.getContainer());
  root.querySelector("#print").addEventListener("click", () => window.print());
};

const furnishPage = (told, data) => (
  [placeControls, takeTable, findPlaces, scrollByKeys, followLinks, fitPaper].forEach((part) => part(told, data)));
