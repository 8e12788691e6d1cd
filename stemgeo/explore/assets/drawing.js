// Everything on the page, drawn from what stands in the book: the map and the tables show the same.
import { button, byId, make, renew } from "./dom.js";
import { middleOf } from "./roads.js";
import { drawLegend } from "./sheet.js";
import { countChanges, isEmpty } from "./state.js";

export const makeDrawing = (page) => {
  const { study, say, figures, book, state, answers, saving, voice, guard, redraw, panels, act, changes, fillSheet, roads } = page;
  const listMarks = (variant) => {
    const gone = new Set(variant.closed);
    const moved = new Map(variant.moved.map((one) => [one.id, one]));
    const marks = study.academies.filter((one) => one.open !== false || gone.has(one.id) || moved.has(one.id)).flatMap((one) => {
      if (moved.has(one.id)) return [{ ...one, kind: "away", title: one.name }];
      return [{ ...one, kind: gone.has(one.id) ? "closed" : "academy", movable: !gone.has(one.id), title: one.name }];
    });
    return [
      ...marks,
      ...variant.moved.map((one) => ({ ...one, kind: "moved", movable: true, title: act.nameOf(one.id) })),
      ...variant.placed.map((one) => ({ ...one, kind: "placed", movable: true, title: one.name })),
      ...variant.roads.map((one) => ({ id: one.id, road: one, ...middleOf(one.line), kind: one.change, title: one.name })),
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
      edits: variant.roads.filter(({ line }) => line.length > 1), sketch: roads.sketch(),
    };
  };

  const drawTabs = (variant) => {
    renew(byId("tabs"), make("legend", { class: "unseen" }, say.text("variant_shown")), book.variants().map((one) => {
      const reply = answers.of(one);
      const gained = reply ? figures.total(reply, state.choice) : null;
      return make("label", { class: one.key === variant.key ? "tab at" : "tab" },
        make("input", { type: "radio", name: "variant", value: one.key, checked: one.key === variant.key, "data-key": `tab ${one.key}`, onchange: () => act.choose(one.key) }),
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
    const at = page.overlay?.spot()?.used ? null : page.overlay?.spot();
    const moving = state.moving ? make("p", { class: "moving" }, say.text("moving", { name: act.nameOf(state.moving) })) : null;
    renew(byId("spot"), moving,
      at ? make("p", {}, say.text("spot_at", { where: at.name || act.where(at.lon, at.lat), lat: at.lat.toFixed(5), lon: at.lon.toFixed(5) })) : make("p", { class: "small" }, say.text("spot_none")),
      at ? button(say.text(state.moving ? "move_here" : "place_here"), () => act.use(at.lon, at.lat, at.name), { "data-key": "place", class: "main" }) : null);
  };

  const drawBesideSpot = () => {
    drawSpot();
    roads.draw();
  };

  let compared = [];
  const redrawCompare = () => {
    const columns = book.variants().map((variant) => ({ variant, reply: answers.of(variant) }));
    const reference = columns.find(({ variant }) => variant.key === state.reference) ?? null;
    const shown = [state.choice, reference?.variant, ...columns.flatMap(({ variant, reply }) => [variant, reply])];
    if (shown.length === compared.length && shown.every((one, i) => one === compared[i])) return { columns, reference };
    compared = shown;
    renew(byId("compare"),
      columns.length > 1 ? make("label", { class: "filter" }, make("span", {}, say.text("difference_with")),
        make("select", { "data-key": "reference", onchange: (event) => { state.reference = event.target.value; redraw(); } },
          make("option", { value: "" }, say.text("difference_none")),
          columns.map(({ variant }) => make("option", { value: variant.key, selected: variant.key === state.reference }, variant.name)))) : null,
      panels.wide(panels.compare(state.choice, columns, reference)), ...panels.compareNotes(reference));
    return { columns, reference };
  };

  // The problem of the variant that was shown last: it goes when another is, or it is mended.
  let told = null;
  const draw = () => {
    const variant = book.current();
    book.variants().forEach((one) => answers.ask(one));
    const reply = answers.of(variant);
    const problem = answers.problemOf(variant);
    if (problem) voice.fail(problem);
    else if (told) voice.alarm("");
    told = problem;
    if (state.selected && !act.spotOf(state.selected)) [state.selected, state.areas] = [null, null];
    // Over other roads one gets to another place.
    if (state.selected && state.areasOver !== JSON.stringify(variant.roads)) act.select(state.selected);
    if (state.moving && !act.spotOf(state.moving)) state.moving = null;
    drawTabs(variant);
    drawBesideSpot();
    drawLegends();
    const now = byId("now");
    now.setAttribute("aria-busy", String(!reply));
    if (reply) {
      now.dataset.of = variant.key;
      renew(now, panels.now(reply, state.choice));
    } else renew(now, make("p", { class: "waiting" }, problem ? say.text(problem.status === 0 ? "lost" : "no_figures") : say.text("counting")));
    changes.list(variant, reply, state);
    if (byId("academies").open) changes.register(variant, state);
    if (byId("places").open && reply) renew(byId("place-list"), panels.everyPlace(reply, state.choice));
    saving.show({ open: act.openSaved, guard });
    redrawCompare();
    if (page.view && reply) page.view.paint(listLooks(variant, reply));
    page.overlay?.setMarks(listMarks(variant), state.selected);
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
    const warned = [...variant.placed.map(({ id }) => id), ...variant.moved.map(({ id }) => id), ...variant.closed]
      .map((id) => [act.nameOf(id), changes.warningOf(id, reply)]).filter(([, told]) => told).map(([name, told]) => say.text("of", { what: name, name: told }));
    voice.add(say.text("announce", { gained: say.whole(all.gained), lost: say.whole(all.lost), share: say.share(all) }));
    if (warned.length) voice.add(warned.join(" "));
  };

  const drawSwitches = () => renew(byId("switches"), [["profile", "profiles"], ["scenario", "scenarios"], ["band", "bands"]].map(([key, all]) => make("label", {},
    make("span", {}, say.text(`switch.${key}`)), make("select", { name: key, onchange: (event) => { state.choice = { ...state.choice, [key]: event.target.value }; redraw(); } },
      study[all].map((one) => make("option", { value: one.key, selected: one.key === state.choice[key] }, one.name))))));
  const drawLegends = () => renew(byId("legend"),
    make("fieldset", { class: "switches" }, make("legend", {}, say.text("on_click")), ["place", "look", ...(roads.possible.length ? ["road"] : []), ...(roads.possible.includes("add") ? ["link"] : [])].map((key) => make("label", {},
      make("input", { type: "radio", name: "tool", value: key, checked: state.tool === key, "data-key": `tool ${key}`, onchange: () => { state.tool = key; } }), say.text(`tool.${key}`)))),
    make("h3", {}, say.text("legend")), make("p", { class: "small" }, say.text("legend_of", { minutes: say.whole(study.cutoff_min) })),
    ...drawLegend({ say, study, kinds: ["academy", "placed", "moved", "closed", ...roads.possible], roads: Boolean(state.roads?.features?.length) }));

  const fillPaper = () => {
    const variant = book.current();
    const reply = answers.of(variant);
    const { columns, reference } = redrawCompare();
    fillSheet({ variant, reply, columns, reference, choice: state.choice, looks: { ...listLooks(variant, reply), areas: null, roads: null, sketch: [] }, marks: listMarks(variant) });
  };

  return { draw, drawSpot: drawBesideSpot, drawSwitches, fillPaper };
};
