// The map: the page's data, and how it is drawn, told and walked through.
const drawMap = (container, data, figures) => {
  const { words } = data;
  const walks = [];
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const ENCLAVE_DEGREES = 0.03; // around less ground a thick line would be a blot

  const shapes = (ground) => {
    const drawn = [data.topology, data.lines].find((one) => one && ground in one.objects);
    if (drawn) return topojson.feature(drawn, drawn.objects[ground]);
    return data.points[ground].map((coordinates, id) => (
      { type: "Feature", id, properties: {}, geometry: { type: "Point", coordinates } }));
  };

  // A thing and what is told of it, as the language writes them.
  const pair = (what, told) => figures.fill(words.pair, { what, told });

  // Texts from data are set as text, never as HTML. What was chosen stands last.
  const told = (ground, number) => {
    const chosen = data.tables[ground].figures ? [[words.choice, figures.described()]] : [];
    return [...figures.told(ground, number), ...chosen].filter(([, cell]) => cell !== "");
  };

  const tooltip = (ground, number) => {
    const table = document.createElement("table");
    for (const [name, cell] of told(ground, number)) {
      const row = table.insertRow();
      const head = document.createElement("th");
      head.scope = "row";
      head.textContent = name;
      row.append(head);
      row.insertCell().textContent = cell;
    }
    return table;
  };

  const middle = (shape) => (shape.getLatLng ? shape.getLatLng() : shape.getBounds().getCenter());

  // One halo for what the pointer or the keyboard is at: over all shapes, so that none covers it.
  let halo = null;
  const mark = (shape) => {
    halo?.remove();
    const looks = { pane: "focus", interactive: false, fill: false, color: "#a3005c", weight: 4 };
    if (shape.getLatLng) halo = L.circleMarker(shape.getLatLng(), { ...looks, radius: 8 });
    else if (shape instanceof L.Polygon) halo = L.polygon(shape.getLatLngs(), looks);
    else halo = L.polyline(shape.getLatLngs(), { ...looks, weight: 9 });
    halo.addTo(shape._map);
  };

  const neighbour = (group, from, [dx, dy]) => {
    const map = from._map;
    const start = map.project(middle(from));
    let best = null;
    let least = Infinity;
    group.eachLayer((shape) => {
      const { x, y } = map.project(middle(shape)).subtract(start);
      const along = x * dx + y * dy;
      const aside = Math.abs(x * dy) + Math.abs(y * dx);
      const cost = along + 2 * aside;
      if (aside < 2 * along && cost < least) [best, least] = [shape, cost];
    });
    return best;
  };

  let open = null; // the shape whose figures are shown: one at a time
  const alone = (shape) => {
    if (open !== shape) open?.closeTooltip();
    open = shape;
  };

  // Tab comes to one shape of each layer; the arrows go from there to the others.
  const walked = (group, ground, table) => {
    const walk = { group, ground, stop: null };
    const stopAt = (shape) => {
      walk.stop?.getElement()?.setAttribute("tabindex", -1);
      walk.stop = shape;
      shape.getElement()?.setAttribute("tabindex", 0);
    };
    const show = (shape) => {
      stopAt(shape);
      mark(shape);
      shape.openTooltip(middle(shape));
    };
    const leave = (shape) => {
      shape.closeTooltip();
      halo?.remove();
    };
    const arrive = (shape) => {
      shape._map.panInside(middle(shape), { padding: [80, 80], animate: false });
      show(shape);
    };
    const press = (shape, event) => {
      const map = shape._map;
      if (event.key in ARROWS) {
        const next = neighbour(group, shape, ARROWS[event.key]);
        next?.getElement().focus({ preventScroll: true });
      } else if (event.key === "+" || event.key === "-") {
        map.setZoomAround(middle(shape), map.getZoom() + (event.key === "+" ? 1 : -1), { animate: false });
        show(shape);
      } else if (event.key === "Enter") map.fire("chosen", { ground, number: shape.feature.id });
      else if (event.key === "Escape") leave(shape);
      else return;
      event.preventDefault();
      event.stopPropagation();
    };
    const name = (shape) => told(table, shape.feature.id).map(([head, cell]) => pair(head, cell)).join(", ");
    group.eachLayer((shape) => {
      shape.bindTooltip(() => tooltip(table, shape.feature.id), { sticky: true, opacity: 1, className: "told" });
      shape.on({
        mouseover: () => mark(shape),
        mouseout: () => leave(shape),
        tooltipopen: () => alone(shape),
        click: () => shape._map.fire("chosen", { ground, number: shape.feature.id }),
      });
      shape.on("add", () => {
        const element = shape.getElement();
        element.ownerSVGElement.setAttribute("role", "listbox");
        element.ownerSVGElement.setAttribute("aria-label", data.tables[table].columns[0]);
        element.parentNode.setAttribute("role", "presentation");
        element.setAttribute("role", "option");
        element.setAttribute("aria-label", name(shape));
        element.setAttribute("tabindex", -1);
        if (!walk.stop || walk.stop === shape) stopAt(shape);
        L.DomEvent.on(element, {
          focus: () => arrive(shape),
          blur: () => leave(shape),
          keydown: (event) => press(shape, event),
        });
      });
    });
    figures.onChoice(() => group.eachLayer((shape) => shape.getElement()?.setAttribute("aria-label", name(shape))));
    walk.show = (number) => group.eachLayer((shape) => shape.feature.id === number && show(shape));
    walks.push(walk);
  };

  // Points shrink with the map, so that they do not hide it.
  const sized = (group) => {
    const size = () => {
      const steps = group._map.getZoom() - 8.25; // where Flanders fills a screen
      const scale = 2 ** Math.min(steps, steps / 2);
      group.eachLayer((point) => point.setRadius(Math.min(6, Math.max(1.5, 3.5 * scale))));
    };
    return group.on({
      add: () => { group._map.on("zoomend", size); group._map.whenReady(size); },
      remove: () => group._map.off("zoomend", size),
    });
  };

  // Of the looks of shares: those of the classes, of the classes that are partly measured, of none.
  const lookOfShare = (table, number, looks) => {
    const { class: own, partly } = figures.classed(table, number);
    if (own < 0) return looks.length - 1;
    return partly ? own + (looks.length - 1) / 2 : own;
  };

  const drawn = ({ ground, pane, looks, look, table = ground }) => {
    const interactive = table in data.tables;
    const style = ({ id }) => looks[look === "share" ? lookOfShare(table, id, looks) : look[id] ?? look];
    const group = L.geoJSON(shapes(ground), {
      pane,
      interactive,
      smoothFactor: 0.5,
      style,
      pointToLayer: (_, at) => L.circleMarker(at, { pane }),
    });
    if (look === "share") figures.onChoice(() => group.setStyle(style));
    if (interactive) walked(group, ground, table);
    return ground in data.points ? sized(group) : group;
  };

  const borders = ({ ground, between, pane, look }) => {
    const object = data.topology.objects[ground];
    const lines = topojson.mesh(data.topology, object, (one, other) => (
      one === other || between[one.id] !== between[other.id]));
    const large = lines.coordinates.filter((line) => {
      const size = L.polyline(line).getBounds();
      return Math.max(size.getNorth() - size.getSouth(), size.getEast() - size.getWest()) > ENCLAVE_DEGREES;
    });
    const style = { ...look, fill: false };
    return L.geoJSON({ ...lines, coordinates: large }, { pane, style, interactive: false, smoothFactor: 0.5 });
  };

  // As many names as the zoom gives room for, the largest first, and none over another.
  const names = ({ labels }) => {
    const markers = labels.map(({ name, at, outside }) => {
      const label = document.createElement("span");
      label.className = outside ? "name outside" : "name";
      label.textContent = name;
      const icon = L.divIcon({ html: label, className: "", iconSize: [0, 0] });
      return L.marker(at, { icon, pane: "names", interactive: false, keyboard: false });
    });
    const group = L.layerGroup(markers);
    const place = () => {
      const most = Math.max(6, 12 * 4 ** (group._map.getZoom() - 8));
      const taken = [];
      markers.forEach((marker, i) => {
        const label = marker.getElement().firstChild;
        const box = label.getBoundingClientRect();
        const clear = i < most && taken.every((other) => (
          box.right + 4 < other.left || other.right + 4 < box.left
          || box.bottom < other.top || other.bottom < box.top));
        label.style.visibility = clear ? "visible" : "hidden";
        if (clear) taken.push(box);
      });
    };
    return group.on({
      add: () => { group._map.on("zoomend resize", place); group._map.whenReady(place); },
      remove: () => group._map.off("zoomend resize", place),
    });
  };

  const tiles = ({ tiles: url, attribution }) => {
    const written = document.createElement("span");
    written.textContent = attribution;
    return L.tileLayer(url, { attribution: written.innerHTML });
  };

  const roads = ({ lines, pane, look }) => L.geoJSON(
    topojson.feature(data.lines, data.lines.objects[lines]), { pane, style: look, interactive: false });

  const draw = (part) => {
    if ("lines" in part) return roads(part);
    if ("labels" in part) return names(part);
    if ("tiles" in part) return tiles(part);
    return "between" in part ? borders(part) : drawn(part);
  };

  const map = L.map(container, {
    zoomSnap: 0.25,
    zoomControl: false,
    attributionControl: false,
    fadeAnimation: false, // figures that were left are gone at once
  });
  for (const [name, height, takesPointer] of data.panes) {
    const pane = map.createPane(name);
    pane.style.zIndex = height;
    if (!takesPointer) pane.style.pointerEvents = "none";
  }
  map.fitBounds(data.corners);
  const layers = {};
  const control = L.control.layers(null, null, { collapsed: false });
  for (const [key, { name, overlay, show, parts }] of Object.entries(data.layers)) {
    layers[key] = L.layerGroup(parts.map(draw));
    const written = document.createElement("span");
    written.textContent = name;
    if (name) control[overlay ? "addOverlay" : "addBaseLayer"](layers[key], written.innerHTML);
    if (show) layers[key].addTo(map);
  }
  control.addTo(map);

  // Roads lie under the grounds, which let them through without a change of colour beside them.
  const letThrough = () => container.classList.toggle("with-roads", "roads" in layers && map.hasLayer(layers.roads));
  map.on("layeradd layerremove", letThrough);
  letThrough();

  // Point at a shape in whichever layer shows it now.
  const show = (ground, number) => {
    const walk = walks.find((one) => one.ground === ground && map.hasLayer(one.group));
    walk?.show(number);
    return Boolean(walk);
  };

  return { map, layers, show, shapes, pair };
};
