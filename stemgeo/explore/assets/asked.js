// A question that waits for an answer: which of a few, by its key; Escape is the last of them.
import { button, make } from "./dom.js";

export const askWhich = (dialog, { title, lines, answers }) => new Promise((done) => {
  let chosen = answers.at(-1).key;
  dialog.replaceChildren(
    make("h2", { id: "asked-title" }, title),
    ...lines.map((line) => make("p", {}, line)),
    make("div", { class: "tools" }, answers.map(({ key, text }) => button(text, () => { chosen = key; dialog.close(); }, { "data-answer": key }))));
  dialog.addEventListener("close", () => done(chosen), { once: true });
  dialog.showModal();
});
