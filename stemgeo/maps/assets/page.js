// What stands around the map: search, layers, the legend of what is shown, print.
const furnishPage = ({ map, layers, show, shapes, pair }, { words }) => {
  const wanted = document.getElementById("wanted");
  const found = document.getElementById("found");
  const figures = document.getElementById("figures");
  const options = [...document.getElementById("municipalities").options];
  const grounds = new Map(shapes("municipalities").features.map((one) => [one.id, one]));

  const container = map.getContainer();
  container.setAttribute("role", "application");
  container.setAttribute("aria-label", words.map);
  container.setAttribute("aria-describedby", "keyboard");

  // Beside the map, where it covers nothing.
  document.getElementById("layers").append(document.querySelector(".leaflet-control-layers"));
  L.control.zoom({ zoomInTitle: words.zoom_in, zoomOutTitle: words.zoom_out }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  if ("background" in layers) {
    const credit = L.control.attribution({ prefix: false }).addTo(map);
    credit.addAttribution(layers.background.getLayers()[0].getAttribution());
  }

  // The legend tells of the layers that are shown, and of no other.
  const legend = () => document.querySelectorAll("[data-layer]").forEach((part) => {
    part.hidden = !map.hasLayer(layers[part.dataset.layer]);
  });
  map.on("layeradd layerremove", legend);
  legend();

  const plain = (name) => name.trim().normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

  const option = () => {
    const name = plain(wanted.value);
    const begin = options.filter((one) => name && plain(one.value).startsWith(name));
    return begin.find((one) => plain(one.value) === name) || (begin.length === 1 ? begin[0] : null);
  };

  const read = (number) => {
    const cells = [...document.getElementById(`row-${number}`).cells].map((cell) => cell.textContent);
    const heads = [...figures.querySelectorAll("thead th")].map((cell) => cell.textContent);
    return cells.map((cell, i) => (i === 0 ? cell : pair(heads[i], cell))).join(" · ");
  };

  const search = () => {
    const one = option();
    if (!one) {
      found.textContent = wanted.value.trim() ? words.not_found : "";
      return;
    }
    const number = Number(one.dataset.number);
    found.textContent = read(number);
    map.fitBounds(L.geoJSON(grounds.get(number)).getBounds(), { maxZoom: 11, animate: false });
    show("municipalities", number);
  };
  wanted.addEventListener("change", search);
  wanted.form.addEventListener("submit", (event) => {
    event.preventDefault();
    search();
  });

  // A link within the page goes to what it names, and opens it.
  document.querySelectorAll(".skip a").forEach((link) => link.addEventListener("click", (event) => {
    event.preventDefault();
    figures.open = figures.open || link.hash === "#figures";
    (link.hash === "#figures" ? figures.querySelector("summary") : container).focus();
  }));

  // Paper is narrower than the screen: show the same ground there, and again on the screen.
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
  }).observe(container);
  document.getElementById("print").addEventListener("click", () => window.print());
};
