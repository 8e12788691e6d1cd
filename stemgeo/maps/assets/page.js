"use strict";
// Going to a municipality by name: the way in for those who do not use a mouse.
(() => {
  const page = document.body.dataset;
  const map = window[page.map];
  const shares = window[page.shares];
  const wanted = document.getElementById("wanted");
  const found = document.getElementById("found");
  const layers = new Map();
  shares.eachLayer((layer) => layers.set(layer.feature.id, layer));

  // Beside the map, where it covers nothing.
  document.getElementById("layers").append(document.querySelector(".leaflet-control-layers"));
  L.control.zoom({ zoomInTitle: page.zoomIn, zoomOutTitle: page.zoomOut }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);

  const figures = (code) => {
    const cells = [...document.getElementById(`row-${code}`).cells].map((cell) => cell.textContent);
    const heads = [...document.querySelectorAll("thead th")].map((cell) => cell.textContent);
    return cells.map((cell, i) => (i === 0 ? cell : `${heads[i]}: ${cell}`)).join(" · ");
  };

  const show = () => {
    const name = wanted.value.trim().toLowerCase();
    const options = [...document.getElementById("municipalities").options];
    const option = options.find((one) => one.value.toLowerCase() === name);
    if (!option) {
      found.textContent = name ? wanted.dataset.notFound : "";
      return;
    }
    const layer = layers.get(option.dataset.code);
    found.textContent = figures(option.dataset.code);
    map.fitBounds(layer.getBounds(), { maxZoom: 11, animate: false });
    if (map.hasLayer(layer)) {
      layer.fire("mouseover", { latlng: layer.getCenter() }, true);
    }
  };

  // Paper is narrower than the screen: show the same ground there, and again on the screen.
  let ground = map.getBounds();
  map.on("moveend", () => {
    if (!window.matchMedia("print").matches) ground = map.getBounds();
  });
  window.matchMedia("print").addEventListener("change", () => {
    const shown = ground;
    map.invalidateSize({ animate: false, pan: false });
    map.fitBounds(shown, { animate: false });
  });

  wanted.addEventListener("change", show);
  wanted.form.addEventListener("submit", (event) => {
    event.preventDefault();
    show();
  });
})();
