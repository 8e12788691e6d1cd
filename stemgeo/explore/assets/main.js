// The explorer: one page, one study, up to six variants. Everything is redrawn from what stands in
// the book; the map and the tables show the same.
import { button, byId, make, makeLater, renew } from "./dom.js";
import { makeSay } from "./say.js";
import { makeWire } from "./wire.js";
import { makeAnswers } from "./answers.js";
import { makeFigures } from "./figures.js";
import { makePanels } from "./panels.js";
import { makeChanges } from "./changes.js";
import { makeFinder } from "./find.js";
import { makeSaving, readSaved } from "./saving.js";
import { makeSheet, drawLegend } from "./sheet.js";
import { makeProof } from "./proof.js";
import { askWhich } from "./asked.js";
import { download } from "./planfile.js";
import { makeOverlay } from "./overlay.js";
import { openFlatMap } from "./flatmap.js";
import { canDraw, openGlMap } from "./glmap.js";
import { readLand } from "./land.js";
import { MOST_VARIANTS, close, countChanges, edit, freeId, isEmpty, makeBook, moveTo, place, putBack, remove, reopen } from "./state.js";

const ROADS_ZOOM = 13;
const CLOSE_ZOOM = 12;
const LONG_MS = 8000;

const open = async () => {
  const heard = [];
  const redraw = makeLater(() => heard.forEach((hear) => hear()));
  const bare = await fetch("api/study", { cache: "no-store" });
  const study = await bare.json();
  if (!bare.ok) throw new Error(study.problem);
  const say = makeSay(study);
  return { study, say, heard, redraw };
};

// Texts of the page that no data changes.
const setWords = ({ study, say }) => {
  document.documentElement.lang = study.language;
  document.title = `${study.title} · ${say.text("name")}`;
  byId("title").textContent = study.title;
  byId("notice").hidden = !study.notice;
  byId("notice").textContent = study.notice;
  byId("day").textContent = say.text("day", { day: say.day(study.day), minutes: say.whole(study.cutoff_min) });
  document.querySelectorAll("[data-word]").forEach((one) => { one.textContent = say.text(one.dataset.word); });
  document.querySelectorAll("[data-label]").forEach((one) => { one.setAttribute("aria-label", say.text(one.dataset.label)); });
  byId("map").setAttribute("aria-label", say.text("map"));
  byId("zoom-in").setAttribute("aria-label", say.text("zoom_in"));
  byId("zoom-out").setAttribute("aria-label", say.text("zoom_out"));
  byId("zoom-all").textContent = say.text("zoom_all");
  renew(byId("credits"), make("p", {}, study.attribution), make("p", {}, say.text("mark_share")),
    ...(study.notes ?? []).map((note) => make("p", {}, note)));
};

const makeVoice = (say) => {
  let timer = 0;
  const tell = (text) => {
    byId("said").textContent = text;
    clearTimeout(timer);
    timer = setTimeout(() => { byId("said").textContent = ""; }, LONG_MS);
  };
  let held = "";
  const alarm = (text) => { byId("alert").textContent = text || held; };
  return {
    tell,
    // One line that stays until the next step, or, of what lasts, until it is over.
    alarm,
    hold: (text) => { held = text; alarm(""); },
    fail: (error) => alarm(error.status === 0 ? held || say.text("lost") : error.message),
  };
};

const start = async ({ study, say, heard, redraw }) => {
  setWords({ study, say });
  const land = readLand(study);
  const figures = makeFigures(study);
  const panels = makePanels({ study, say, figures });
  const voice = makeVoice(say);
  const freshName = (number) => say.text("variant_name", { number: say.whole(number) });
  const fresh = (key, number) => ({ key, name: freshName(number), placed: [], moved: [], closed: [] });
  const book = makeBook([fresh("v1", 1)], redraw);
  const state = { selected: null, moving: null, near: null, sought: "", areas: null, roads: null, tool: "place", reference: null, letters: true,
    choice: { profile: study.profiles[0].key, scenario: study.scenarios.some(({ key }) => key === "central") ? "central" : study.scenarios[0].key, band: study.bands.some(({ key }) => key === "all") ? "all" : study.bands[0].key } };

  const wire = makeWire(say, {
    onLost: () => voice.hold(say.text("lost")),
    onElsewhere: () => voice.hold(say.text("elsewhere")),
    onBack: () => {
      voice.hold("");
      voice.tell(say.text("back"));
      answers.askAgain();
    },
  });
  const answers = makeAnswers(wire, say, redraw);
  const saving = makeSaving({ wire, say, book, dialog: byId("asked"), place: byId("saved-list"), tell: voice.tell, hear: redraw });
  const prove = makeProof({ wire, say, dialog: byId("asked"), tell: voice.tell, fail: voice.fail });
  const guard = async (run) => {
    try {
      return await run();
    } catch (error) {
      voice.fail(error);
      return null;
    }
  };

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
    if (told) voice.tell(told);
  };
  const round = (degrees) => Math.round(degrees * 1e7) / 1e7;

  const isoQuestion = answers.lastOf();
  const nearQuestion = answers.lastOf();
  const bestQuestion = answers.lastOf();

  const tellNotes = ({ notes }) => { if (notes?.length) voice.tell(notes.join(" ")); };

  // What is looked at: how far one gets from it, and what is near enough to snap to.
  const look = async (id) => {
    const at = spotOf(id);
    state.areas = null;
    state.near = null;
    isoQuestion.drop();
    nearQuestion.drop();
    redraw();
    if (!at) return;
    await Promise.all([
      guard(async () => {
        const reply = await isoQuestion.ask("isochrone", { place: { lon: at.lon, lat: at.lat } });
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
  let overlay = null;
  let view = null;
  const select = (id, go = false) => {
    state.selected = id;
    const at = spotOf(id);
    if (go && at && view) {
      view.goTo(at.lon, at.lat, CLOSE_ZOOM);
      voice.tell(say.text("shown", { name: nameOf(id), where: where(at.lon, at.lat) }));
    }
    look(id);
  };

  const put = (lon, lat, name, ages = {}) => {
    const variant = book.current();
    const id = freeId(variant, taken);
    const number = variant.placed.length + 1;
    const called = name || say.text(land.at(lon, lat) ? "place_name" : "place_name_outside", { number: say.whole(number), where: where(lon, lat) });
    step((one) => place(one, { id, name: called.slice(0, 200), lon: round(lon), lat: round(lat), ...ages }), say.text("placed", { name: called, where: where(lon, lat) }));
    select(id);
  };
  const drop = (id, lon, lat) => {
    state.moving = null;
    const name = nameOf(id);
    step((one) => moveTo(one, id, round(lon), round(lat)), say.text("moved", { name, where: where(lon, lat) }));
    select(id);
  };
  const use = (lon, lat, name) => {
    if (overlay?.spot()?.used) {
      voice.tell(say.text("spot_used"));
      return;
    }
    overlay?.useSpot(lon, lat);
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
      step((one) => (isNew ? edit(one, id, { lon: at.lon, lat: at.lat, name: at.name.slice(0, 200) }) : moveTo(one, id, at.lon, at.lat)), say.text("moved", { name: at.name, where: where(at.lon, at.lat) }));
      select(id);
    },
    seek: (text) => { state.sought = text; redraw(); },
    best: () => guard(async () => {
      voice.tell(say.text("best_busy"));
      const reply = await bestQuestion.ask("best", { variant: { name: book.current().name, placed: book.current().placed, moved: book.current().moved, closed: book.current().closed }, profile: state.choice.profile });
      if (!reply) return;
      if (!reply.place) {
        voice.tell(reply.why);
        return;
      }
      const { lon, lat, name, children, min_age: low, max_age: high } = reply.place;
      put(lon, lat, name, { ...(low ?? null) === null ? {} : { min_age: low }, ...(high ?? null) === null ? {} : { max_age: high } });
      voice.tell(say.count("best_is", children, { name }));
      view?.goTo(lon, lat, view.zoom());
    }),
    undo: () => voice.tell(say.text(book.undo() ? "undone" : "undo_none")),
    redo: () => voice.tell(say.text(book.redo() ? "redone" : "redo_none")),
    add: (like) => {
      const most = Math.min(study.most_variants ?? MOST_VARIANTS, MOST_VARIANTS);
      if (book.variants().length >= most) {
        voice.alarm(say.text("most_variants", { most: say.whole(most) }));
        return;
      }
      const key = book.newKey();
      const used = new Set(book.variants().map(({ name }) => name));
      let number = 1;
      while (used.has(freshName(number))) number += 1;
      book.add(like ? { ...like, key, name: say.text("copy_name", { name: like.name }).slice(0, 200) } : fresh(key, number));
      voice.tell(say.text("variant_added", { name: book.current().name }));
    },
    drop: () => {
      const { key, name } = book.current();
      book.drop(key, fresh(book.newKey(), 1));
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
      const answers = [
        { key: "alone", text: say.text("prove_alone") },
        slug ? { key: "keep", text: say.text("prove_keep") } : null,
        { key: "not", text: say.text("cancel") },
      ].filter(Boolean);
      const answer = await askWhich(byId("asked"), {
        title: say.text("prove_title", { name: variant.name }), lines: [say.text("prove_help"), slug ? "" : say.text("prove_save_first")].filter(Boolean), answers });
      if (answer !== "not") await prove(variant, { keep: answer === "keep" ? slug : "" });
    },
  };
  const changes = makeChanges({ study, say, land, act, byId });
  const fillSheet = makeSheet({ place: byId("sheet"), study, say, land, panels, changes });

  // -- what is drawn ----------------------------------------------------------------------------

  const listMarks = (variant) => {
    const gone = new Set(variant.closed);
    const moved = new Map(variant.moved.map((one) => [one.id, one]));
    const marks = study.academies.filter((one) => one.open !== false || gone.has(one.id) || moved.has(one.id)).flatMap((one) => {
      if (moved.has(one.id)) return [{ ...one, kind: "away", title: one.name }];
      return [{ ...one, kind: gone.has(one.id) ? "closed" : "academy", movable: !gone.has(one.id), title: one.name }];
    });
    return [
      ...marks,
      ...variant.moved.map((one) => ({ ...one, kind: "moved", movable: true, title: nameOf(one.id) })),
      ...variant.placed.map((one) => ({ ...one, kind: "placed", movable: true, title: one.name })),
    ];
  };
  const listLooks = (variant, reply) => {
    const places = figures.list("municipality", reply, state.choice);
    const from = new Map(study.academies.map((one) => [one.id, one]));
    return {
      colours: new Map(places.map((one) => [one.code, figures.colourOf(one)])),
      gained: places.filter(({ gained, lost }) => gained > lost).map(({ code }) => code),
      lost: places.filter(({ gained, lost }) => lost > gained).map(({ code }) => code),
      moves: variant.moved.filter(({ id }) => from.has(id)).map((one) => [[from.get(one.id).lon, from.get(one.id).lat], [one.lon, one.lat]]),
      areas: state.areas, roads: state.roads,
    };
  };

  const drawTabs = (variant) => {
    renew(byId("tabs"), make("legend", { class: "unseen" }, say.text("variant_shown")), book.variants().map((one) => {
      const reply = answers.of(one);
      const gained = reply ? figures.total(reply, state.choice) : null;
      return make("label", { class: one.key === variant.key ? "tab at" : "tab" },
        make("input", { type: "radio", name: "variant", value: one.key, checked: one.key === variant.key, "data-key": `tab ${one.key}`, onchange: () => { state.selected = null; state.moving = null; state.areas = null; book.choose(one.key); } }),
        make("span", {}, one.name), saving.isDirty(one) ? make("span", { class: "dirty", title: say.text("unsaved") }, "•", make("span", { class: "unseen" }, ` ${say.text("unsaved")}`)) : null,
        gained && countChanges(one) ? make("span", { class: "small" }, say.signed(gained.gained - gained.lost)) : null);
    }));
    renew(byId("variant-tools"),
      make("label", { class: "name-field" }, make("span", {}, say.text("name_of_variant")), make("input", { type: "text", value: variant.name, maxlength: "200", "data-key": "variant name", onchange: (event) => act.rename(event.target.value) })),
      button(say.text("new"), () => act.add(null), { "data-key": "new" }),
      button(say.text("copy"), () => act.add(variant), { "data-key": "copy" }),
      button(say.text("drop"), act.drop, { "data-key": "drop" }),
      button(say.text("undo"), act.undo, { "data-key": "undo", "aria-disabled": String(!book.canUndo()), "aria-keyshortcuts": "Control+Z" }),
      button(say.text("redo"), act.redo, { "data-key": "redo", "aria-disabled": String(!book.canRedo()), "aria-keyshortcuts": "Control+Shift+Z" }),
      button(say.text("save"), act.save, { "data-key": "save", class: "main", "aria-keyshortcuts": "Control+S" }),
      button(say.text("download"), act.download, { "data-key": "download" }),
      button(say.text("prove"), act.prove, { "data-key": "prove" }),
      button(say.text("print"), () => window.print(), { "data-key": "print" }));
  };

  const drawSpot = () => {
    const at = overlay?.spot()?.used ? null : overlay?.spot();
    const moving = state.moving ? make("p", { class: "moving" }, say.text("moving", { name: nameOf(state.moving) })) : null;
    renew(byId("spot"), moving,
      at ? make("p", {}, say.text("spot_at", { where: at.name || where(at.lon, at.lat), lat: at.lat.toFixed(5), lon: at.lon.toFixed(5) })) : make("p", { class: "small" }, say.text("spot_none")),
      at ? button(say.text(state.moving ? "move_here" : "place_here"), () => use(at.lon, at.lat, at.name), { "data-key": "place", class: "main" }) : null);
  };

  const redrawCompare = () => {
    const columns = book.variants().map((variant) => ({ variant, reply: answers.of(variant) }));
    const reference = columns.find(({ variant }) => variant.key === state.reference) ?? null;
    renew(byId("compare"),
      columns.length > 1 ? make("label", { class: "filter" }, make("span", {}, say.text("difference_with")),
        make("select", { "data-key": "reference", onchange: (event) => { state.reference = event.target.value; redraw(); } },
          make("option", { value: "" }, say.text("difference_none")),
          columns.map(({ variant }) => make("option", { value: variant.key, selected: variant.key === state.reference }, variant.name)))) : null,
      panels.wide(panels.compare(state.choice, columns, reference)), ...panels.compareNotes(reference));
    return { columns, reference };
  };

  const draw = () => {
    const variant = book.current();
    book.variants().forEach((one) => answers.ask(one));
    const reply = answers.of(variant);
    const problem = answers.problemOf(variant);
    if (problem) voice.fail(problem);
    if (state.selected && !spotOf(state.selected)) [state.selected, state.areas] = [null, null];
    if (state.moving && !spotOf(state.moving)) state.moving = null;
    drawTabs(variant);
    drawSpot();
    const now = byId("now");
    now.setAttribute("aria-busy", String(!reply));
    if (reply) {
      now.dataset.of = variant.key;
      renew(now, panels.now(reply, state.choice));
    } else renew(now, make("p", { class: "waiting" }, problem ? say.text(problem.status === 0 ? "lost" : "no_figures") : say.text("counting")));
    changes.list(variant, reply, state);
    if (byId("academies").open) changes.register(variant, state);
    if (byId("places").open && reply) renew(byId("place-list"), panels.everyPlace(reply, state.choice));
    saving.show({ open: openSaved, guard });
    redrawCompare();
    if (view && reply) view.paint(listLooks(variant, reply));
    overlay?.setMarks(listMarks(variant), state.selected);
    if (reply) announce(variant, reply);
  };

  // Figures are said when they come for another content than before.
  let announced = null;
  const announce = (variant, reply) => {
    if (announced === reply) return;
    const first = announced === null;
    announced = reply;
    if (first || isEmpty(variant)) return;
    const all = figures.total(reply, state.choice);
    byId("said").append(` ${say.text("announce", { gained: say.whole(all.gained), lost: say.whole(all.lost), share: say.share(all) })}`);
  };

  const openSaved = (one) => {
    const most = Math.min(study.most_variants ?? MOST_VARIANTS, MOST_VARIANTS);
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

  // -- choices, keys, the map -------------------------------------------------------------------

  const drawSwitches = () => renew(byId("switches"), [["profile", "profiles"], ["scenario", "scenarios"], ["band", "bands"]].map(([key, all]) => make("label", {},
    make("span", {}, say.text(`switch.${key}`)), make("select", { name: key, onchange: (event) => { state.choice = { ...state.choice, [key]: event.target.value }; redraw(); } },
      study[all].map((one) => make("option", { value: one.key, selected: one.key === state.choice[key] }, one.name))))));
  byId("switches").addEventListener("submit", (event) => event.preventDefault());

  const drawLegends = () => renew(byId("legend"),
    make("fieldset", { class: "switches" }, make("legend", {}, say.text("on_click")), ["place", "look"].map((key) => make("label", {},
      make("input", { type: "radio", name: "tool", value: key, checked: state.tool === key, "data-key": `tool ${key}`, onchange: () => { state.tool = key; } }), say.text(`tool.${key}`)))),
    make("h3", {}, say.text("legend")), make("p", { class: "small" }, say.text("legend_of", { minutes: say.whole(study.cutoff_min) })),
    ...drawLegend({ say, study, kinds: ["academy", "placed", "moved", "closed"] }));

  const drawKeys = () => renew(byId("key-list"),
    make("label", {}, make("input", { type: "checkbox", checked: state.letters, "data-key": "letters", onchange: (event) => { state.letters = event.target.checked; } }), say.text("letters")),
    make("dl", { class: "keys" }, ["arrows", "enter", "escape", "zoom", "b", "f", "m", "p", "n", "digits", "undo", "redo", "save", "print"].map((key) => (
      make("div", {}, make("dt", {}, make("kbd", {}, say.text(`key.${key}`))), make("dd", {}, say.text(`key_does.${key}`)))))));

  const isTyping = ({ target }) => target.closest("input, select, textarea, dialog") !== null;
  const letters = {
    b: act.best, f: () => byId("wanted").focus(), m: () => byId("map").focus(), n: () => act.add(null),
    p: () => { const at = overlay?.spot(); if (at) use(at.lon, at.lat, at.name); },
  };
  const withCtrl = { z: act.undo, y: act.redo, s: act.save };
  document.addEventListener("keydown", (event) => {
    const key = event.key.toLowerCase();
    if (byId("asked").open) return;
    if ((event.ctrlKey || event.metaKey) && !event.altKey && key in withCtrl) {
      // In a field Ctrl+Z takes back what is typed.
      const field = isTyping(event) && ["text", "search", "number", "date"].includes(event.target.type);
      if (field && key !== "s") return;
      event.preventDefault();
      if (field) event.target.blur();
      if (key === "z" && event.shiftKey) act.redo();
      else withCtrl[key]();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || !state.letters) return;
    const textual = isTyping(event) && !["radio", "checkbox"].includes(event.target.type);
    if (textual) return;
    if (key in letters && !event.shiftKey) {
      event.preventDefault();
      letters[key]();
    } else if (/^[1-6]$/.test(key)) {
      const wanted = book.variants()[Number(key) - 1];
      if (wanted) { state.selected = null; state.areas = null; book.choose(wanted.key); voice.tell(wanted.name); }
    }
  });

  const askRoads = async () => {
    if (view.zoom() < ROADS_ZOOM) {
      if (state.roads) { state.roads = null; redraw(); }
      return;
    }
    const [west, south, east, north] = view.bounds();
    const asked = new URLSearchParams({ west: west.toFixed(6), south: south.toFixed(6), east: east.toFixed(6), north: north.toFixed(6) });
    const mine = { asked };
    state.roadsAsked = mine;
    await guard(async () => {
      const roads = await wire.ask(`roads?${asked}`);
      if (state.roadsAsked !== mine) return;
      state.roads = roads;
      redraw();
    });
  };

  const openMap = async () => {
    const frame = byId("map");
    const ground = byId("ground");
    const label = say.text("map");
    if (canDraw()) {
      try {
        view = await openGlMap(ground, land, { label });
      } catch {
        ground.replaceChildren();
      }
    }
    view ??= openFlatMap(ground, land, { label });
    frame.dataset.kind = view.kind;
    overlay = makeOverlay(frame, view, land, {
      onDrop: (mark, lon, lat) => drop(mark.id, lon, lat),
      onChoose: (mark) => select(mark.id),
      onSpot: (at) => {
        drawSpot();
        byId("said").textContent = sayPlace(at);
      },
      onEnter: (at) => use(at.lon, at.lat, at.name),
      onEscape: () => { if (state.moving) act.startMove(state.moving); },
    });
    view.onClick((lon, lat) => {
      overlay.setSpot(lon, lat);
      if (state.moving || state.tool === "place") use(lon, lat);
    });
    let waiting = 0;
    view.onMove((done) => {
      if (!done) return;
      cancelAnimationFrame(waiting);
      waiting = requestAnimationFrame(askRoads);
    });
    byId("zoom-in").addEventListener("click", () => view.zoomBy(1));
    byId("zoom-out").addEventListener("click", () => view.zoomBy(-1));
    byId("zoom-all").addEventListener("click", () => view.fit(land.bounds));
  };
  const sayPlace = ({ lon, lat, name }) => {
    const at = land.at(lon, lat);
    if (!at) return name ? `${name} (${say.text("outside")})` : say.text("outside");
    const figure = figures.of("municipality", at.code, answers.of(book.current()), state.choice);
    return say.text("cross_at", { where: name ? `${name}, ${at.name}` : at.name, share: say.share(figure) });
  };

  makeFinder({
    field: byId("wanted"), list: byId("hits"), say, question: answers.lastOf(), announce: voice.tell,
    near: () => {
      if (!view) return null;
      const { width, height } = view.size();
      return view.unproject(width / 2, height / 2).map(round);
    }, onProblem: voice.fail,
    onChosen: (hit) => {
      view?.goTo(hit.lon, hit.lat, CLOSE_ZOOM);
      overlay?.setSpot(hit.lon, hit.lat, { name: hit.kind === "municipality" ? "" : hit.name });
      byId("spot").querySelector("button")?.focus();
    },
  });
  byId("best").textContent = say.text("best");
  byId("best").setAttribute("aria-keyshortcuts", "B");
  byId("best").addEventListener("click", act.best);
  ["academies", "places"].forEach((id) => byId(id).addEventListener("toggle", redraw));
  window.addEventListener("beforeunload", (event) => {
    if (book.variants().some(saving.isDirty)) event.preventDefault();
  });
  const fillPaper = () => {
    const variant = book.current();
    const reply = answers.of(variant);
    const { columns, reference } = redrawCompare();
    fillSheet({ variant, reply, columns, reference, choice: state.choice, looks: { ...listLooks(variant, reply), areas: null, roads: null }, marks: listMarks(variant) });
  };
  window.addEventListener("beforeprint", fillPaper);
  window.matchMedia("print").addEventListener("change", ({ matches }) => { if (matches) fillPaper(); });

  byId("opening").hidden = true;
  byId("main").hidden = false;
  drawSwitches();
  drawLegends();
  drawKeys();
  // What was saved is there again; to undo begins after that. The map comes when it can.
  await guard(async () => (await saving.read()).filter(({ variant }) => variant).slice(0, MOST_VARIANTS).forEach(openSaved));
  book.begin();
  heard.push(draw);
  draw();
  await openMap();
  draw();
  document.body.dataset.ready = "yes";
  window.stemgeo = { map: view.map };
};

open().then(start).catch((error) => {
  byId("opening").textContent = error.message;
  byId("opening").setAttribute("role", "alert");
});
