// What the server said of variants. A reply is filed under what was asked, by the number of the
// request; shown is what was said of the variant that stands on the page, so none comes late.
import { Refused } from "./wire.js";
import { contentOf, toWire } from "./state.js";

const MOST_KEPT = 60;
const BUSY = 503;
const BUSY_MS = 1000;

export const makeAnswers = (wire, say, hear) => {
  const known = new Map();
  const failed = new Map();
  const waiting = new Map();
  // The server lets a newer question of the same window go first: each variant is one for itself.
  const own = crypto.randomUUID().slice(0, 8);
  let number = 0;

  const keep = (content, reply) => {
    known.set(content, reply);
    if (known.size > MOST_KEPT) known.delete(known.keys().next().value);
  };

  const ask = async (variant) => {
    const content = contentOf(variant);
    if (known.has(content) || waiting.has(content) || failed.has(content)) return;
    number += 1;
    const request = number;
    waiting.set(content, request);
    try {
      const reply = await wire.ask("change", { method: "POST", body: { request, window: `${own} ${variant.key}`, variant: toWire(variant) } });
      if (reply.request !== request) throw new Refused(-1, say.text("wrong_reply"));
      keep(content, reply);
    } catch (error) {
      if (!error.told?.overtaken) failed.set(content, error);
      if (error.status === BUSY) setTimeout(() => { failed.delete(content); hear(); }, BUSY_MS);
    }
    waiting.delete(content);
    hear();
  };

  // A question that is answered once, for whoever asked last: an earlier reply is dropped.
  const lastOf = () => {
    let last = 0;
    return {
      drop: () => { last = 0; },
      ask: async (path, body) => {
        number += 1;
        const request = number;
        last = request;
        let reply;
        try {
          reply = await wire.ask(path, { method: "POST", body: { request, ...body } });
        } catch (error) {
          if (last !== request) return null;
          throw error;
        }
        if (last !== request) return null;
        if (reply.request !== request) throw new Refused(-1, say.text("wrong_reply"));
        return reply;
      },
    };
  };

  return {
    ask,
    lastOf,
    of: (variant) => known.get(contentOf(variant)) ?? null,
    problemOf: (variant) => failed.get(contentOf(variant)) ?? null,
    askAgain: () => { failed.clear(); hear(); },
  };
};
