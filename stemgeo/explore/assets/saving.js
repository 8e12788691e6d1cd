// Variants as plan files of the server: kept by a name, never over what someone else wrote.
import { button, make, renew } from "./dom.js";
import { askWhich } from "./asked.js";
import { contentOf, countChanges, isEmpty, toWire } from "./state.js";

const LONGEST_SLUG = 50;

const slugOf = (name) => name.normalize("NFKD").toLowerCase().replace(/[^a-z0-9]+/g, "-")
  .slice(0, LONGEST_SLUG).replace(/^-+|-+$/g, "") || "variant";

// What is left open is left out, as on the page.
export const readSaved = ({ name, placed, moved, closed, roads = [] }) => ({
  name, moved, closed, roads,
  placed: placed.map((one) => Object.fromEntries(Object.entries(one).filter(([, value]) => value !== null))),
});

const sealOf = (variant) => `${variant.name}\n${contentOf(variant)}`;

export const makeSaving = ({ wire, say, book, dialog, place, tell, hear }) => {
  // Of each variant on the page the file it is, and what was last read from or written to it.
  const files = new Map();
  let onDisk = [];

  const isSaved = (variant) => files.get(variant.key)?.seal === sealOf(variant);
  const isDirty = (variant) => !isSaved(variant) && !(isEmpty(variant) && !files.has(variant.key));
  // A file that others made is shown, and never written: what is saved of it goes beside it.
  const tie = (variant, { slug, sha256, ours = true }) => files.set(variant.key, { slug, sha256, ours, seal: sealOf(variant) });

  const freeSlug = (name) => {
    const taken = new Set([...onDisk.map(({ slug }) => slug), ...[...files.values()].map(({ slug }) => slug)]);
    const wanted = slugOf(name);
    let [slug, number] = [wanted, 2];
    while (taken.has(slug)) {
      slug = `${wanted}-${number}`;
      number += 1;
    }
    return slug;
  };

  const read = async () => {
    onDisk = await wire.ask("variants");
    hear();
    return onDisk;
  };

  const resolve = async (variant, slug, { told, message }, isSecond) => {
    const theirs = told.variant;
    const answers = [
      theirs ? { key: "theirs", text: say.text("conflict_theirs") } : null,
      { key: "beside", text: say.text("conflict_beside") },
      // What may not be replaced is not offered twice.
      isSecond ? null : { key: "mine", text: say.text("conflict_mine") },
      { key: "later", text: say.text("conflict_later") },
    ].filter(Boolean);
    const answer = await askWhich(dialog, {
      title: say.text("conflict"), lines: [message, say.text(theirs ? "conflict_help" : "conflict_gone")], answers });
    if (answer === "theirs") {
      const taken = { ...readSaved(theirs), key: variant.key };
      book.replace(variant.key, taken);
      tie(taken, { slug, sha256: told.sha256 });
      return true;
    }
    if (answer === "beside") {
      await read().catch(() => null);
      return write(variant, freeSlug(variant.name), "");
    }
    return answer === "mine" ? write(variant, slug, told.sha256 ?? "", true) : false;
  };

  const write = async (variant, slug, based, isSecond = false) => {
    try {
      const kept = await wire.ask(`variants/${encodeURIComponent(slug)}`, {
        method: "PUT", body: { variant: toWire(variant), based_on: based } });
      tie(variant, kept);
      tell(say.text("saved_as", { name: variant.name, file: kept.slug }));
      await read().catch(() => null);
      return true;
    } catch (error) {
      if (error.status === 409 && "variant" in error.told) return resolve(variant, slug, error, isSecond);
      throw error;
    }
  };

  const save = (variant) => {
    const file = files.get(variant.key);
    return file?.ours ? write(variant, file.slug, file.sha256) : write(variant, freeSlug(variant.name), "");
  };

  const remove = async ({ slug, sha256, name }) => {
    const answer = await askWhich(dialog, { title: say.text("delete_title", { name }), lines: [say.text("delete_help")],
      answers: [{ key: "delete", text: say.text("delete") }, { key: "keep", text: say.text("keep") }] });
    if (answer !== "delete") return;
    await wire.ask(`variants/${encodeURIComponent(slug)}`, { method: "DELETE", body: { based_on: sha256 } });
    [...files].filter(([, file]) => file.slug === slug).forEach(([key]) => files.delete(key));
    tell(say.text("deleted", { name }));
    await read();
  };

  const toolsOf = (one, isShown, { open, guard }) => {
    const name = one.name || one.slug;
    const tool = (word, run) => button(say.text(word), run, {
      "data-key": `${word} ${one.slug}`, "aria-label": say.text("of", { what: say.text(word), name }) });
    return [
      isShown ? make("span", { class: "small" }, say.text("is_open")) : null,
      !isShown && one.variant ? tool("open", () => open(one)) : null,
      one.variant && one.ours !== false ? tool("delete", () => guard(() => remove(one))) : null,
    ];
  };

  // The list of files, with what can be done with each.
  const show = (asked) => {
    const shown = new Set([...files].filter(([key]) => book.variants().some((one) => one.key === key)).map(([, { slug }]) => slug));
    renew(place, onDisk.length ? make("ul", { class: "list" }, onDisk.map((one) => make("li", { "data-slug": one.slug },
      make("div", { class: "line" }, make("strong", {}, one.name || one.slug), " ", make("span", { class: "small" },
        one.variant ? say.count("changes_count", countChanges(one.variant)) : one.problem)),
      (one.notes ?? []).map((note) => make("p", { class: "small" }, note)),
      make("div", { class: "tools" }, toolsOf(one, shown.has(one.slug), asked)))))
      : make("p", {}, say.text("none_saved")));
  };

  return { read, save, tie, show, isDirty, isSaved, hasFile: (variant) => files.has(variant.key), slugOf: (variant) => (isSaved(variant) && files.get(variant.key).ours ? files.get(variant.key).slug : "") };
};
