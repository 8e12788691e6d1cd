// The keys of the page, and the list of them. Those without Ctrl can be switched off.
import { byId, make, renew } from "./dom.js";

const SHOWN = ["arrows", "enter", "escape", "zoom", "b", "f", "m", "p", "r", "l", "n", "digits", "undo", "redo", "save", "print"];
const TYPED = ["text", "search", "number", "date"];

const fieldOf = ({ target }) => target.closest("input, select, textarea");
// In a field a letter is a letter; in a list it chooses.
const takesLetters = (field) => field !== null && !["radio", "checkbox"].includes(field.type);

export const bindKeys = ({ say, letters, withCtrl, redo, onDigit }) => {
  let on = true;
  renew(byId("key-list"),
    make("label", {}, make("input", { type: "checkbox", checked: on, onchange: (event) => { on = event.target.checked; } }), say.text("letters")),
    make("dl", { class: "keys" }, SHOWN.map((key) => make("div", {},
      make("dt", {}, make("kbd", {}, say.text(`key.${key}`))), make("dd", {}, say.text(`key_does.${key}`))))));

  const pressCtrl = (event, key) => {
    // In a field Ctrl+Z takes back what is typed.
    const field = fieldOf(event);
    const typed = field !== null && TYPED.includes(field.type);
    if (typed && key !== "s") return;
    event.preventDefault();
    // What is typed counts before it is saved.
    if (typed) field.blur();
    if (key === "z" && event.shiftKey) redo();
    else withCtrl[key]();
  };
  document.addEventListener("keydown", (event) => {
    const key = event.key.toLowerCase();
    if (byId("asked").open || event.altKey) return;
    if (event.ctrlKey || event.metaKey) {
      if (key in withCtrl) pressCtrl(event, key);
    } else if (on && !takesLetters(fieldOf(event))) {
      if (key in letters && !event.shiftKey) {
        event.preventDefault();
        letters[key]();
      } else if (/^[1-6]$/.test(key)) onDigit(Number(key));
    }
  });
};
