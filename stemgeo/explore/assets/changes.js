// What a variant changes, with everything that can be done about it: the map's twin.
import { button, make, renew } from "./dom.js";
import { metresBetween } from "./land.js";
import { listRoads } from "./roads.js";

const FIELDS = ["min_age", "max_age", "valid_from", "valid_until"];

export const makeChanges = ({ study, say, land, act, byId, roads }) => {
  const academies = new Map(study.academies.map((one) => [one.id, one]));
  const where = (lon, lat) => land.at(lon, lat)?.name ?? say.text("outside");
  const labelled = (word, name) => ({ "aria-label": say.text("of", { what: say.text(word), name }) });

  const agesOf = ({ min_age: low, max_age: high }) => {
    if (low === undefined && high === undefined || low === null && high === null) return say.text("ages_all");
    if (high === undefined || high === null) return say.text("ages_from", { low });
    if (low === undefined || low === null) return say.text("ages_until", { high });
    return say.text("ages", { low, high });
  };
  const datesOf = ({ valid_from: from, valid_until: until }) => [
    from ? say.text("from", { day: say.day(from) }) : "", until ? say.text("until", { day: say.day(until) }) : "",
  ].filter(Boolean).join(", ");
  const openTo = (one) => [agesOf(one), datesOf(one)].filter(Boolean).join(" · ");

  const field = (one, name, type, more = {}) => make("label", {}, make("span", {}, say.text(`field.${name}`)),
    make("input", { type, name, value: one[name] ?? "", "data-key": `${one.id} ${name}`, ...more,
      onchange: (event) => act.edit(one.id, { [name]: type === "number" && event.target.value !== "" ? Number(event.target.value) : event.target.value }) }));

  const form = (one, nearby) => make("details", { "data-key": `${one.id} details` },
    make("summary", { "data-key": `${one.id} form`, onclick: (event) => {
      if (!event.target.closest("details").open) act.select(one.id);
    } }, say.text("name_ages_dates"), make("span", { class: "unseen" }, ` ${one.name}`)),
    make("form", { class: "details", onsubmit: (event) => event.preventDefault() },
    field(one, "name", "text", { maxlength: "200", required: true }),
    field(one, "min_age", "number", { min: "0", max: "120", inputmode: "numeric" }),
    field(one, "max_age", "number", { min: "0", max: "120", inputmode: "numeric" }),
    field(one, "valid_from", "date"), field(one, "valid_until", "date")),
  nearby);

  const warningOf = (id, reply) => {
    const told = reply?.academies?.find((one) => one.id === id);
    if (!told) return "";
    return [
      told.found === false ? say.text("no_road") : null,
      told.counts === false ? say.text("not_counted", { day: say.day(study.day) }) : null,
    ].filter(Boolean).join(" ");
  };
  const toldOf = (id, reply) => {
    const told = warningOf(id, reply);
    return told ? make("span", { class: "warning" }, told) : null;
  };

  const item = (kind, one, name, told, tools, more) => make("li", { class: `change ${kind}`, "data-id": one.id },
    make("div", { class: "line" },
      make("span", { class: `kind ${kind}` }, say.text(`kind.${kind}`)), " ",
      make("strong", {}, name), " ", make("span", { class: "small" }, told)),
    make("div", { class: "tools" }, tools), more);

  const nearList = (one, state) => (state.near?.id === one.id && state.near.places.length
    ? make("div", { class: "near" }, make("p", {}, say.text("nearby")), make("ul", {}, state.near.places.slice(0, 6).map((place, i) => make("li", {},
      button(say.text("snap", { name: place.name, kind: say.text(`find_kind.${place.kind}`), far: say.metres(metresBetween(one, place)) }),
        () => act.snap(one.id, place), { "data-key": `${one.id} snap ${i}` })))))
    : null);

  const tool = (id, word, name, run, key = word) => button(say.text(word), run, { "data-key": `${id} ${key}`, ...labelled(word, name) });
  const mover = (id, name, state) => tool(id, state.moving === id ? "move_cancel" : "move", name, () => act.startMove(id), "move");

  const list = (variant, reply, state) => {
    const placed = variant.placed.map((one) => item("placed", one, one.name,
      [where(one.lon, one.lat), openTo(one)].filter(Boolean).join(" · "),
      [
        mover(one.id, one.name, state),
        tool(one.id, "show", one.name, () => act.select(one.id, true)),
        tool(one.id, "remove", one.name, () => act.remove(one.id)),
      ], [toldOf(one.id, reply), form(one, nearList(one, state))]));
    const moved = variant.moved.map((one) => {
      const from = academies.get(one.id);
      const name = from?.name ?? one.id;
      return item("moved", one, name, say.text("moved_to", { from: from ? where(from.lon, from.lat) : say.DASH, to: where(one.lon, one.lat), far: from ? say.metres(metresBetween(from, one)) : say.DASH }),
        [
          mover(one.id, name, state),
          tool(one.id, "show", name, () => act.select(one.id, true)),
          tool(one.id, "put_back", name, () => act.putBack(one.id)),
        ], [toldOf(one.id, reply), state.selected === one.id ? nearList(one, state) : null]);
    });
    const closed = variant.closed.map((id) => {
      const name = academies.get(id)?.name ?? id;
      return item("closed", { id }, name, academies.get(id)?.address ?? "", [tool(id, "reopen", name, () => act.reopen(id))], [toldOf(id, reply)]);
    });
    const all = [...placed, ...moved, ...closed, ...listRoads({ say, roads, item, tool, land }, variant, reply)];
    renew(byId("change-list"), all.length ? make("ul", { class: "list" }, all) : make("p", {}, say.text("nothing_yet")));
  };

  const register = (variant, state) => {
    const gone = new Set(variant.closed);
    const moved = new Map(variant.moved.map((one) => [one.id, one]));
    const wanted = state.sought.toLocaleLowerCase();
    const rows = [...academies.values()].filter(({ name, address, id }) => `${name} ${address ?? ""} ${id}`.toLocaleLowerCase().includes(wanted))
      .sort((a, b) => say.compare(a.name, b.name)).map((one) => {
        const status = gone.has(one.id) ? "closed" : moved.has(one.id) ? "moved" : one.open === false ? "not_open" : "open";
        return make("tr", { "data-id": one.id }, make("th", { scope: "row" }, one.name), make("td", {}, one.address || where(one.lon, one.lat)),
          make("td", {}, agesOf(one)), make("td", {}, say.text(`status.${status}`)),
          make("td", { class: "tools" },
            gone.has(one.id)
              ? tool(one.id, "reopen", one.name, () => act.reopen(one.id), "toggle")
              : tool(one.id, "close", one.name, () => act.close(one.id), "toggle"),
            gone.has(one.id) ? null : mover(one.id, one.name, state),
            tool(one.id, "show", one.name, () => act.select(one.id, true))));
      });
    renew(byId("academy-list"),
      make("label", { class: "filter" }, make("span", {}, say.text("filter")), make("input", { type: "search", value: state.sought, "data-key": "filter",
        oninput: (event) => act.seek(event.target.value) })),
      make("p", { class: "small" }, say.count("academies_shown", rows.length)),
      make("div", { class: "scroll tall", tabindex: "0", "data-key": "academies", role: "region", "aria-label": say.text("academies") }, make("table", {},
        make("caption", { class: "unseen" }, say.text("academies")),
        make("thead", {}, make("tr", {}, ["name", "address", "ages", "status", "do"].map((head) => make("th", { scope: "col" }, say.text(`head.${head}`))))),
        make("tbody", {}, rows))));
  };

  return { list, register, where, academies, openTo, warningOf, FIELDS };
};
