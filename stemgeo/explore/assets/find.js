// One field that finds candidates, schools, libraries, addresses and municipalities, and degrees.
import { make } from "./dom.js";

const DEGREES = /^\s*(-?\d{1,3}[.,]\d+)\s*[;, ]\s*(-?\d{1,3}[.,]\d+)\s*$/;
const PAUSE_MS = 150;

// "51.05, 4.2" or "4,2 51,05": in Belgium the larger is the latitude.
const readDegrees = (text) => {
  const found = DEGREES.exec(text);
  if (!found) return null;
  const [a, b] = found.slice(1).map((one) => Number(one.replace(",", ".")));
  return { name: "", kind: "degrees", lat: Math.max(a, b), lon: Math.min(a, b) };
};

export const makeFinder = ({ field, list, say, question, near, onChosen, onProblem, announce }) => {
  let hits = [];
  let at = -1;
  let timer = 0;

  const show = () => {
    list.hidden = hits.length === 0;
    field.setAttribute("aria-expanded", String(hits.length > 0));
    list.replaceChildren(...hits.map((hit, i) => make("li", {
      id: `hit-${i}`, role: "option", "aria-selected": String(i === at),
      onpointerdown: (event) => event.preventDefault(), onclick: () => choose(i) },
    make("span", {}, hit.name || say.text("degrees", { lat: hit.lat, lon: hit.lon })), " ",
    make("span", { class: "small" }, [say.text(`find_kind.${hit.kind}`), hit.place].filter(Boolean).join(", ")))));
    if (at >= 0) field.setAttribute("aria-activedescendant", `hit-${at}`);
    else field.removeAttribute("aria-activedescendant");
    list.children[at]?.scrollIntoView({ block: "nearest" });
  };
  const shut = () => {
    question.drop();
    clearTimeout(timer);
    [hits, at] = [[], -1];
    show();
  };
  const choose = (i) => {
    const hit = hits[i];
    shut();
    field.value = hit.name;
    onChosen(hit);
  };
  const ask = async (typed) => {
    const degrees = readDegrees(typed);
    if (degrees) {
      [hits, at] = [[degrees], -1];
      return show();
    }
    try {
      const reply = await question.ask("find", { text: typed, near: near() });
      if (!reply) return undefined;
      [hits, at] = [reply.places, -1];
      show();
      // Why nothing was found says so by itself.
      const told = reply.notes ?? [];
      announce((hits.length || !told.length ? [`${say.count("found", hits.length)}.`, ...told] : told).join(" "));
    } catch (error) {
      shut();
      onProblem(error);
    }
    return undefined;
  };

  field.addEventListener("input", () => {
    clearTimeout(timer);
    question.drop();
    if (field.value.trim() === "") shut();
    else timer = setTimeout(() => ask(field.value.trim()), PAUSE_MS);
  });
  field.addEventListener("blur", shut);
  field.addEventListener("keydown", async (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!hits.length) {
        // Of an empty field the list is of what is near.
        await ask(field.value.trim());
        return;
      }
      const step = event.key === "ArrowDown" ? 1 : -1;
      at = (at + step + hits.length + (at < 0 && step < 0 ? 1 : 0)) % hits.length;
      show();
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (!hits.length && field.value.trim() !== "") {
        clearTimeout(timer);
        await ask(field.value.trim());
      }
      if (hits.length) choose(Math.max(at, 0));
    } else if (event.key === "Escape") {
      if (hits.length) shut();
      else field.value = "";
    }
  });
  return { shut };
};
