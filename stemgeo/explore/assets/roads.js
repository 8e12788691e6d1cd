// Roads that change: found at a spot, or drawn point by point; by the map, the buttons or the keys.
import { button, byId, make, renew } from "./dom.js";
import { metresBetween } from "./land.js";
import { addRoad, editRoad, freeId, removeRoad } from "./state.js";

const LONGEST_NAME = 200;
const CLOSE_ZOOM = 15;

const round = (degrees) => Math.round(degrees * 1e7) / 1e7;
const asPlace = ([lon, lat]) => ({ lon, lat });
export const lengthOf = (line) => line.slice(1).reduce((sum, at, i) => sum + metresBetween(asPlace(line[i]), asPlace(at)), 0);
// Half along a line: there its mark stands.
export const middleOf = (line) => {
  let left = lengthOf(line) / 2;
  for (let i = 1; i < line.length; i += 1) {
    const [from, to] = [line[i - 1], line[i]];
    const far = metresBetween(asPlace(from), asPlace(to));
    if (far >= left) {
      const share = far ? left / far : 0;
      return { lon: from[0] + share * (to[0] - from[0]), lat: from[1] + share * (to[1] - from[1]) };
    }
    left -= far;
  }
  return asPlace(line.at(-1));
};

export const makeRoads = (page) => {
  const { study, say, book, state, answers, voice, guard, redraw, land } = page;
  const possible = study.road_changes ?? [];
  const stretchQuestion = answers.lastOf();
  const roadQuestion = answers.lastOf();
  const where = ({ lon, lat }) => land.at(lon, lat)?.name ?? say.text("outside");
  const isFull = () => {
    const most = study.most_roads;
    const full = book.current().roads.length >= most;
    if (full) voice.alarm(say.text("most_roads", { most: say.whole(most) }));
    return full;
  };
  // Who asked by a key or a button goes on where the answer stands.
  const goThere = () => {
    draw();
    byId("road").querySelector("button")?.focus();
  };
  const stop = () => {
    Object.assign(state, { stretch: null, link: null });
    stretchQuestion.drop();
    redraw();
  };

  const put = (change, line, more = {}) => {
    const variant = book.current();
    if (isFull()) return null;
    const same = variant.roads.some((one) => one.change === change && JSON.stringify(one.line) === JSON.stringify(line));
    if (same) {
      voice.tell(say.text("road_there"));
      return null;
    }
    const id = freeId(variant, [], "W", variant.roads);
    const at = middleOf(line);
    const name = say.text("road_name", { number: say.whole(variant.roads.length + 1), where: where(at) }).slice(0, LONGEST_NAME);
    voice.alarm("");
    book.change((one) => addRoad(one, { id, name, change, line, level: 1, oneway: false, way: 0, ...more }));
    voice.tell(say.text("road_added", { name }));
    return id;
  };

  const pick = (lon, lat) => guard(async () => {
    if (!possible.length) return;
    voice.tell(say.text("road_busy"));
    const reply = await stretchQuestion.ask("stretch", { place: { lon: round(lon), lat: round(lat) } });
    if (!reply) return;
    if (!reply.line.length) {
      state.stretch = null;
      voice.tell(reply.why);
      redraw();
      return;
    }
    Object.assign(state, { stretch: reply, link: null });
    voice.tell(toldOf(reply));
    redraw();
    goThere();
  });
  const toldOf = ({ length_m: length, quiet, changes, crossing }) => [
    say.text("road_at", { length: say.metres(length), quiet: say.text(`quiet.${quiet}`) }),
    changes.length || crossing ? "" : say.text("road_nothing"),
  ].filter(Boolean).join(" ");

  const choose = (change) => {
    const { line, way, crossing } = state.stretch;
    const id = change === "crossing" ? put(change, [crossing]) : put(change, line, { way });
    if (id) stop();
  };

  // A new road: its points, as they are set one by one.
  const point = (lon, lat) => {
    if (!possible.includes("add") || (!state.link && isFull())) return;
    const at = [round(lon), round(lat)];
    const line = state.link ?? [];
    if (line.length && JSON.stringify(line.at(-1)) === JSON.stringify(at)) {
      voice.tell(say.text("link_same"));
      return;
    }
    Object.assign(state, { link: [...line, at], stretch: null });
    voice.tell(toldOfLink());
    draw();
    redraw();
  };
  const back = () => {
    state.link = state.link.length > 1 ? state.link.slice(0, -1) : null;
    voice.tell(state.link ? toldOfLink() : say.text("link_stopped"));
    redraw();
  };
  const toldOfLink = () => say.count("link_now", state.link.length, { length: say.metres(lengthOf(state.link)) });
  const end = () => guard(async () => {
    const drawn = state.link;
    const road = { id: "new", change: "add", line: drawn };
    const reply = await roadQuestion.ask("road", { road });
    if (!reply || state.link !== drawn) return;
    const id = put("add", reply.line);
    if (!id) return;
    const [start, finish] = reply.joined_m.map((far) => say.metres(far));
    stop();
    voice.tell(say.text("link_far", { length: say.metres(reply.length_m), start, finish }));
  });

  const act = {
    edit: (id, fields) => {
      if ("name" in fields && !fields.name.trim()) {
        voice.alarm(say.text("name_needed"));
        redraw();
        return;
      }
      book.change((one) => editRoad(one, id, fields));
    },
    remove: (one) => {
      book.change((variant) => removeRoad(variant, one.id));
      voice.tell(say.text("removed", { name: one.name }));
    },
    show: (one) => {
      const { lon, lat } = middleOf(one.line);
      page.view?.goTo(lon, lat, CLOSE_ZOOM);
      voice.tell(say.text("shown", { name: one.name, where: where({ lon, lat }) }));
    },
  };

  // What stands beside the spot: the road that was found, the link that is drawn, or how to begin.
  const draw = () => {
    byId("road").hidden = !possible.length;
    if (!possible.length) return;
    const spot = page.overlay?.spot();
    const tool = (word, run, more = {}) => button(say.text(word), run, { "data-key": word, ...more });
    const here = (word, run, more) => (spot ? tool(word, () => run(spot.lon, spot.lat), more) : null);
    if (state.stretch) {
      const asked = [...state.stretch.changes, ...(state.stretch.crossing ? ["crossing"] : [])];
      renew(byId("road"), make("p", {}, toldOf(state.stretch)),
        asked.map((change) => button(say.text(`road_do.${change}`), () => choose(change), { "data-key": `road ${change}`, class: "main" })),
        tool("road_stop", stop));
    } else if (state.link) {
      renew(byId("road"), make("p", {}, toldOfLink()),
        here("link_point", point, { "aria-keyshortcuts": "L" }),
        state.link.length > 1 ? tool("link_end", end, { class: "main" }) : null,
        tool("link_back", back), tool("road_stop", stop));
    } else {
      renew(byId("road"),
        here("road_choose", pick, { "aria-keyshortcuts": "R" }),
        possible.includes("add") ? here("link_begin", point, { "aria-keyshortcuts": "L" }) : null,
        spot ? null : make("p", { class: "small" }, say.text("road_none")));
    }
  };

  const atSpot = (run) => () => {
    const spot = page.overlay?.spot();
    if (spot) run(spot.lon, spot.lat);
    else voice.tell(say.text("road_none"));
  };
  // What is drawn of it beside what the variant has.
  const sketch = () => state.stretch?.line ?? state.link ?? [];

  return { ...act, possible, pick, point, stop, draw, sketch, pickAtSpot: atSpot(pick), pointAtSpot: atSpot(point) };
};

// The changes of roads in the list of what a variant changes.
export const listRoads = ({ say, roads, item, tool, land }, variant, reply) => variant.roads.map((one) => {
  const length = reply?.roads?.find(({ id }) => id === one.id)?.length_m ?? lengthOf(one.line);
  const { lon, lat } = middleOf(one.line);
  const at = land.at(lon, lat)?.name ?? say.text("outside");
  const change = (fields) => roads.edit(one.id, fields);
  const levels = { quiet: [1, 2], add: [1, 2, 3, 4] }[one.change];
  const form = make("details", { "data-key": `${one.id} details` },
    make("summary", { "data-key": `${one.id} form` }, say.text(levels ? "road_more" : "field.name"), make("span", { class: "unseen" }, ` ${one.name}`)),
    make("form", { class: "details", onsubmit: (event) => event.preventDefault() },
      make("label", {}, make("span", {}, say.text("field.name")), make("input", { type: "text", name: "name", value: one.name, maxlength: "200", "data-key": `${one.id} name`, onchange: (event) => change({ name: event.target.value }) })),
      levels ? make("label", {}, make("span", {}, say.text("field.level")), make("select", { "data-key": `${one.id} level`, onchange: (event) => change({ level: Number(event.target.value) }) },
        levels.map((level) => make("option", { value: level, selected: level === one.level }, say.text(`quiet.${level}`))))) : null,
      one.change === "add" ? make("label", {}, make("span", {}, say.text("field.oneway")), make("input", { type: "checkbox", checked: one.oneway, "data-key": `${one.id} oneway`, onchange: (event) => change({ oneway: event.target.checked }) })) : null));
  return item(one.change, one, one.name, one.change === "crossing" ? at : `${at} · ${say.metres(length)}`,
    [tool(one.id, "show", one.name, () => roads.show(one)), tool(one.id, "remove", one.name, () => roads.remove(one))], [form]);
});
