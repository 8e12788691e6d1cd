// A question that waits for an answer: which of a few, by its key; Escape is the last of them.
import { button, make } from "./dom.js";

export const askWhich = (dialog, { title, lines, answers }) => new Promise((done) => {
  const asked = new AbortController();
  const end = (key) => {
    asked.abort();
    dialog.close();
    done(key);
  };
  dialog.replaceChildren(
    make("h2", { id: "asked-title" }, title),
    ...lines.map((line) => make("p", {}, line)),
    make("div", { class: "tools" }, answers.map(({ key, text }) => button(text, () => end(key), { "data-answer": key }))));
  // That the one before was closed can be heard when this one stands open.
  dialog.addEventListener("close", () => { if (!dialog.open) end(answers.at(-1).key); }, { signal: asked.signal });
  dialog.showModal();
});
