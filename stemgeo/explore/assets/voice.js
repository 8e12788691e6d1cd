// What the page says aloud and shows on top: what was done, and what went wrong.
import { byId } from "./dom.js";

const LONG_MS = 8000;

export const makeVoice = (say) => {
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
    add: (text) => byId("said").append(` ${text}`),
    // One line that stays until the next step, or, of what lasts, until it is over.
    alarm,
    hold: (text) => { held = text; alarm(""); },
    fail: (error) => alarm(error.status === 0 ? held || say.text("lost") : error.message),
  };
};
