// The explorer: one page, one study, up to six variants. Everything is redrawn from what stands in
// the book; the map and the tables show the same.
import { byId, make, makeLater, renew } from "./dom.js";
import { makeSay } from "./say.js";
import { makeVoice } from "./voice.js";
import { makeWire } from "./wire.js";
import { makeAnswers } from "./answers.js";
import { makeFigures } from "./figures.js";
import { readLand } from "./land.js";
import { makePanels } from "./panels.js";
import { makeChanges } from "./changes.js";
import { makeFinder } from "./find.js";
import { makeSaving } from "./saving.js";
import { makeSheet } from "./sheet.js";
import { makeProof } from "./proof.js";
import { bindKeys } from "./keys.js";
import { makeSight } from "./sight.js";
import { makeRoads } from "./roads.js";
import { makeDrawing } from "./drawing.js";
import { CLOSE_ZOOM, freshVariant, makeActions } from "./actions.js";
import { MOST_VARIANTS, makeBook } from "./state.js";

const NO_SERVER = "De server antwoordt niet. Le serveur ne répond pas. The server does not answer.";

const readStudy = async () => {
  const reply = await fetch("api/study", { cache: "no-store" }).catch(() => { throw new Error(NO_SERVER); });
  const study = await reply.json();
  if (!reply.ok) throw new Error(study.problem);
  return study;
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

const has = (all, wanted) => (all.some(({ key }) => key === wanted) ? wanted : all[0].key);

// What a window holds: its variants, what is looked at, and the parts that show it.
const makePage = (study, redraw) => {
  const say = makeSay(study);
  const voice = makeVoice(say);
  const figures = makeFigures(study);
  const page = {
    study, say, voice, figures, redraw, land: readLand(study), panels: makePanels({ study, say, figures }),
    book: makeBook([freshVariant(say, "v1", 1)], redraw), view: null, overlay: null,
    state: {
      selected: null, moving: null, near: null, sought: "", areas: null, areasOver: "[]", roads: null, stretch: null, link: null, tool: "place", reference: null, bestIn: "",
      choice: { profile: study.profiles[0].key, scenario: has(study.scenarios, "central"), band: has(study.bands, "all") },
    },
    guard: async (run) => {
      try {
        return await run();
      } catch (error) {
        voice.fail(error);
        return null;
      }
    },
  };
  const dialog = byId("asked");
  page.wire = makeWire(say, {
    onLost: () => voice.hold(say.text("lost")),
    onElsewhere: () => voice.hold(say.text("elsewhere")),
    onBack: () => {
      voice.hold("");
      voice.tell(say.text("back"));
      page.answers.askAgain();
    },
  });
  page.answers = makeAnswers(page.wire, say, redraw);
  page.saving = makeSaving({ ...page, dialog, place: byId("saved-list"), tell: voice.tell, hear: redraw });
  page.prove = makeProof({ ...page, dialog, tell: voice.tell, fail: voice.fail });
  page.act = makeActions(page);
  page.roads = makeRoads(page);
  page.changes = makeChanges({ ...page, byId });
  page.fillSheet = makeSheet({ ...page, place: byId("sheet") });
  return page;
};

const bindFinder = (page) => {
  const { say, voice, answers } = page;
  makeFinder({
    field: byId("wanted"), list: byId("hits"), say, question: answers.lastOf(), announce: voice.tell, onProblem: voice.fail,
    near: () => page.act.centre(),
    onChosen: (hit) => {
      page.view?.goTo(hit.lon, hit.lat, CLOSE_ZOOM);
      page.overlay?.setSpot(hit.lon, hit.lat, { name: hit.kind === "municipality" ? "" : hit.name });
      byId("spot").querySelector("button")?.focus();
    },
  });
};

const bindProvinces = ({ study, state }) => {
  const choice = byId("best-in");
  const [whole] = study.places.region;
  choice.append(...[["", whole.name], ...study.provinces.map((one) => [one, one])].map(([key, name]) => new Option(name, key)));
  choice.hidden = study.provinces.length < 2;
  choice.addEventListener("change", () => { state.bestIn = choice.value; });
};

const bindControls = (page, fillPaper) => {
  const { say, book, saving, act, redraw, voice } = page;
  bindKeys({
    say, redo: act.redo, withCtrl: { z: act.undo, y: act.redo, s: act.save },
    letters: { b: act.best, f: () => byId("wanted").focus(), m: () => byId("map").focus(), n: () => act.add(null), p: act.useSpot, r: page.roads.pickAtSpot, l: page.roads.pointAtSpot },
    onDigit: (digit) => {
      const wanted = book.variants()[digit - 1];
      if (!wanted) return;
      act.choose(wanted.key);
      voice.tell(wanted.name);
    },
  });
  bindFinder(page);
  byId("best").textContent = say.text("best");
  byId("best").setAttribute("aria-keyshortcuts", "B");
  byId("best").addEventListener("click", act.best);
  bindProvinces(page);
  ["academies", "places"].forEach((id) => byId(id).addEventListener("toggle", redraw));
  byId("switches").addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("beforeunload", (event) => {
    if (book.variants().some(saving.isDirty)) event.preventDefault();
  });
  window.addEventListener("beforeprint", fillPaper);
  window.matchMedia("print").addEventListener("change", ({ matches }) => { if (matches) fillPaper(); });
};

const start = async () => {
  const study = await readStudy();
  let draw = () => {};
  const page = makePage(study, makeLater(() => draw()));
  const { saving, guard, act, book } = page;
  setWords(page);
  const drawing = makeDrawing(page);
  bindControls(page, drawing.fillPaper);
  byId("opening").hidden = true;
  byId("main").hidden = false;
  drawing.drawSwitches();
  // What was saved is there again; to undo begins after that. The map comes when it can.
  await guard(async () => (await saving.read()).filter(({ variant }) => variant).slice(0, MOST_VARIANTS).forEach(act.openSaved));
  book.begin();
  draw = drawing.draw;
  draw();
  await makeSight(page, drawing.drawSpot).openMap();
  draw();
  document.body.dataset.ready = "yes";
};

start().catch((error) => {
  byId("opening").hidden = false;
  byId("opening").textContent = error.message;
  byId("opening").setAttribute("role", "alert");
});
