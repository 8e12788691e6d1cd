// What can be done, whichever way it is asked for: by the map, a list, a button or a key.
import { byId } from "./dom.js";
import { askWhich } from "./asked.js";
import { download } from "./planfile.js";
import { readSaved } from "./saving.js";
import { MOST_VARIANTS, close, edit, freeId, isEmpty, moveTo, place, putBack, remove, reopen, toWire } from "./state.js";

export const CLOSE_ZOOM = 12;
const LONGEST_NAME = 200;
const FAR_DEGREES = 0.4;

const round = (degrees) => Math.round(degrees * 1e7) / 1e7;
const agesOf = (low, high) => Object.fromEntries(
  Object.entries({ min_age: low, max_age: high }).filter(([, age]) => age !== null && age !== undefined));

export const freshVariant = (say, key, number) => ({
  key, name: say.text("variant_name", { number: say.whole(number) }), placed: [], moved: [], closed: [], roads: [] });

export const makeActions = (page) => {
  const { study, say, land, book, state, answers, saving, prove, voice, guard, redraw } = page;
  const most = Math.min(study.most_variants ?? MOST_VARIANTS, MOST_VARIANTS);
  const taken = study.academies.map(({ id }) => id);
  const spotOf = (id) => {
    const variant = book.current();
    return [...variant.placed, ...variant.moved].find((one) => one.id === id) ?? study.academies.find((one) => one.id === id) ?? null;
  };
  const nameOf = (id) => book.current().placed.find((one) => one.id === id)?.name ?? study.academies.find((one) => one.id === id)?.name ?? id;
  const where = (lon, lat) => land.at(lon, lat)?.name ?? say.text("outside");
  const step = (how, told) => {
    voice.alarm("");
    book.change(how);
    // The figures are asked first: what is drawn around a place waits for them.
    answers.ask(book.current());
    if (told) voice.tell(told);
  };

  const isoQuestion = answers.lastOf();
  const nearQuestion = answers.lastOf();
  const bestQuestion = answers.lastOf();

  const tellNotes = ({ notes }) => { if (notes?.length) voice.tell(notes.join(" ")); };

  // What is looked at: how far one gets from it, and what is near enough to snap to.
  const look = async (id) => {
    const at = spotOf(id);
    state.areas = null;
    state.areasOver = JSON.stringify(book.current().roads);
    state.near = null;
    isoQuestion.drop();
    nearQuestion.drop();
    redraw();
    if (!at) return;
    await Promise.all([
      guard(async () => {
        const reply = await isoQuestion.ask("isochrone", { place: { lon: at.lon, lat: at.lat }, roads: book.current().roads });
        if (!reply || state.selected !== id) return;
        state.areas = reply.areas;
        tellNotes(reply);
        redraw();
      }),
      guard(async () => {
        const reply = await nearQuestion.ask("find", { text: "", near: [at.lon, at.lat] });
        if (!reply || state.selected !== id) return;
        state.near = { id, places: reply.places };
        tellNotes(reply);
        redraw();
      }),
    ]);
  };
  const select = (id, go = false) => {
    state.selected = id;
    const at = spotOf(id);
    if (go && at && page.view) {
      page.view.goTo(at.lon, at.lat, CLOSE_ZOOM);
      voice.tell(say.text("shown", { name: nameOf(id), where: where(at.lon, at.lat) }));
    }
    look(id);
  };

  const put = (lon, lat, name, ages = {}) => {
    const variant = book.current();
    const id = freeId(variant, taken);
    const number = variant.placed.length + 1;
    const called = name || say.text(land.at(lon, lat) ? "place_name" : "place_name_outside", { number: say.whole(number), where: where(lon, lat) });
    step((one) => place(one, { id, name: called.slice(0, LONGEST_NAME), lon: round(lon), lat: round(lat), ...ages }), say.text("placed", { name: called, where: where(lon, lat) }));
    select(id);
  };
  // So far from the study nothing can be counted: it is said, and nothing changes.
  const isTooFar = (lon, lat) => {
    const [west, south, east, north] = land.bounds;
    const far = lon < west - FAR_DEGREES || lon > east + FAR_DEGREES || lat < south - FAR_DEGREES || lat > north + FAR_DEGREES;
    if (far) voice.alarm(say.text("too_far"));
    return far;
  };
  const drop = (id, lon, lat) => {
    if (isTooFar(lon, lat)) {
      redraw();
      return;
    }
    state.moving = null;
    const name = nameOf(id);
    step((one) => moveTo(one, id, round(lon), round(lat)), say.text("moved", { name, where: where(lon, lat) }));
    select(id);
  };
  const use = (lon, lat, name) => {
    if (page.overlay?.spot()?.used) {
      voice.tell(say.text("spot_used"));
      return;
    }
    if (isTooFar(lon, lat)) return;
    page.overlay?.useSpot(lon, lat);
    if (state.moving) drop(state.moving, lon, lat);
    else put(lon, lat, name);
  };

  const act = {
    edit: (id, fields) => {
      if ("name" in fields && !fields.name.trim()) {
        voice.alarm(say.text("name_needed"));
        redraw();
        return;
      }
      step((one) => edit(one, id, fields), say.text("edited", { name: nameOf(id) }));
    },
    remove: (id) => {
      const name = nameOf(id);
      step((one) => remove(one, id), say.text("removed", { name }));
      if (state.selected === id) select(null);
    },
    putBack: (id) => { step((one) => putBack(one, id), say.text("back_again", { name: nameOf(id) })); select(id); },
    close: (id) => step((one) => close(one, id), say.text("closed", { name: nameOf(id) })),
    reopen: (id) => step((one) => reopen(one, id), say.text("reopened", { name: nameOf(id) })),
    startMove: (id) => {
      state.moving = state.moving === id ? null : id;
      voice.tell(say.text(state.moving ? "moving" : "move_stopped", { name: nameOf(id) }));
      redraw();
    },
    select,
    snap: (id, at) => {
      const isNew = book.current().placed.some((one) => one.id === id);
      step((one) => (isNew ? edit(one, id, { lon: at.lon, lat: at.lat, name: at.name.slice(0, LONGEST_NAME) }) : moveTo(one, id, at.lon, at.lat)), say.text("moved", { name: at.name, where: where(at.lon, at.lat) }));
      select(id);
    },
    seek: (text) => { state.sought = text; redraw(); },
    best: () => guard(async () => {
      voice.tell(say.text("best_busy"));
      const reply = await bestQuestion.ask("best", { variant: toWire(book.current()), profile: state.choice.profile, province: state.bestIn });
      if (!reply) return;
      if (!reply.place) {
        voice.tell(reply.why);
        return;
      }
      const { lon, lat, name, children, min_age: low, max_age: high } = reply.place;
      put(lon, lat, name, agesOf(low, high));
      voice.tell(say.count("best_is", children, { name }));
      page.view?.goTo(lon, lat, page.view.zoom());
    }),
    undo: () => voice.tell(say.text(book.undo() ? "undone" : "undo_none")),
    redo: () => voice.tell(say.text(book.redo() ? "redone" : "redo_none")),
    add: (like) => {
      if (book.variants().length >= most) {
        voice.alarm(say.text("most_variants", { most: say.whole(most) }));
        return;
      }
      const key = book.newKey();
      const used = new Set(book.variants().map(({ name }) => name));
      let number = 1;
      while (used.has(freshVariant(say, "", number).name)) number += 1;
      book.add(like ? { ...like, key, name: say.text("copy_name", { name: like.name }).slice(0, LONGEST_NAME) } : freshVariant(say, key, number));
      voice.tell(say.text("variant_added", { name: book.current().name }));
    },
    drop: () => {
      const { key, name } = book.current();
      book.drop(key, freshVariant(say, book.newKey(), 1));
      voice.tell(say.text("variant_dropped", { name }));
    },
    rename: (name) => {
      if (!name.trim()) {
        voice.alarm(say.text("name_needed"));
        redraw();
      } else if (name !== book.current().name) step((one) => ({ ...one, name: name.trim() }));
    },
    save: () => guard(() => saving.save(book.current())),
    download: () => download(book.current(), nameOf),
    prove: async () => {
      const variant = book.current();
      const slug = saving.slugOf(variant);
      const offered = [
        { key: "alone", text: say.text("prove_alone") },
        slug ? { key: "keep", text: say.text("prove_keep") } : null,
        { key: "not", text: say.text("cancel") },
      ].filter(Boolean);
      const answer = await askWhich(byId("asked"), {
        title: say.text("prove_title", { name: variant.name }), lines: [say.text("prove_help"), slug ? "" : say.text("prove_save_first")].filter(Boolean), answers: offered });
      if (answer !== "not") await prove(variant, { keep: answer === "keep" ? slug : "" });
    },
  };

  const openSaved = (one) => {
    const [only] = book.variants();
    const instead = book.variants().length === 1 && isEmpty(only) && !saving.hasFile(only);
    if (book.variants().length >= most && !instead) {
      voice.alarm(say.text("most_variants", { most: say.whole(most) }));
      return;
    }
    const key = instead ? only.key : book.newKey();
    const variant = { ...readSaved(one.variant), name: one.variant.name || one.name || one.slug, key };
    saving.tie(variant, one);
    if (instead) book.replace(key, variant);
    else book.add(variant);
  };

  const choose = (key) => {
    Object.assign(state, { selected: null, moving: null, areas: null, stretch: null, link: null });
    book.choose(key);
  };

  const useSpot = () => {
    const at = page.overlay?.spot();
    if (at) use(at.lon, at.lat, at.name);
  };
  // What a click or Enter on the map does, by what is chosen for it.
  const enter = (lon, lat, name) => {
    const { roads } = page;
    if (state.moving) use(lon, lat, name);
    else if (state.link || state.tool === "link") roads.point(lon, lat);
    else if (state.tool === "road") roads.pick(lon, lat);
    else use(lon, lat, name);
  };
  const escape = () => {
    if (state.moving) act.startMove(state.moving);
    else if (state.stretch || state.link) page.roads.stop();
  };
  // What is near is near the crosshair, or the middle of the map.
  const centre = () => {
    if (!page.view) return null;
    const at = page.overlay?.spot();
    if (at) return [round(at.lon), round(at.lat)];
    const { width, height } = page.view.size();
    return page.view.unproject(width / 2, height / 2).map(round);
  };

  return { ...act, use, useSpot, enter, escape, dropAt: drop, choose, openSaved, spotOf, nameOf, where, centre };
};
