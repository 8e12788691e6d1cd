// "Prove it": the study is run with the variant, and every row compared with what stands here.
import { make, table } from "./dom.js";
import { contentOf, toWire } from "./state.js";

const PAUSE_MS = 400;

export const makeProof = ({ wire, say, dialog, tell, fail }) => {
  let running = false;

  const shown = (variant, told, bar) => [
    make("h2", { id: "asked-title" }, say.text("prove_title", { name: variant.name })),
    make("p", { role: "status", id: "proof", "data-state": told.state }, told.state === "running" ? told.what : say.text(`proof.${told.state}`, { rows: say.whole(told.rows ?? 0) })),
    told.state === "running" ? bar : make("p", {}, told.what),
    told.differing?.length ? make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": say.text("proof_differs") }, table(say.text("proof_differs"),
      ["head.place", "head.roads", "head.speed", "head.age", "head.here", "head.run"].map((head) => say.text(head)),
      told.differing.map((row) => ({ cells: [row.name, row.profile, row.scenario, row.band, say.whole(row.explorer), say.whole(row.run)] })))) : null,
    told.folder ? make("p", {}, say.text("proof_folder", { folder: told.folder })) : null,
    make("div", { class: "tools" }, make("button", { type: "button", id: "proof-close", onclick: () => dialog.close() }, say.text("close_this"))),
  ].filter(Boolean);

  return async (variant, { keep = false } = {}) => {
    if (running) {
      tell(say.text("prove_busy"));
      return;
    }
    running = true;
    const seal = contentOf(variant);
    const bar = make("progress", { max: "1", "aria-label": say.text("prove") });
    const show = (told) => {
      bar.value = told.share;
      const had = dialog.contains(document.activeElement);
      dialog.replaceChildren(...shown(variant, told, bar));
      if (had) dialog.querySelector("#proof-close").focus();
    };
    try {
      const { job } = await wire.ask("prove", { method: "POST", body: { variant: toWire(variant), keep } });
      let told = { state: "running", share: 0, what: say.text("prove_begins") };
      show(told);
      dialog.showModal();
      while (told.state === "running") {
        await new Promise((done) => { setTimeout(done, PAUSE_MS); });
        try {
          told = await wire.ask(`prove/${encodeURIComponent(job)}`);
        } catch (error) {
          if (error.status !== 0) throw error;
        }
        show(told);
      }
      tell(say.text(`proof.${told.state}`, { rows: say.whole(told.rows ?? 0) }));
      if (!dialog.open && seal) dialog.showModal();
    } catch (error) {
      if (dialog.open) dialog.close();
      fail(error);
    } finally {
      running = false;
    }
  };
};
