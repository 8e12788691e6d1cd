// Speaking to the server: an answer, or one clear line that says why there is none.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 4000;

// What the server refused (`status` above 0), or that it could not be heard (0).
export class Refused extends Error {
  constructor(status, problem, told = {}) {
    super(problem);
    Object.assign(this, { status, told });
  }
}

export const makeWire = (say, { onLost, onBack, onElsewhere }) => {
  let lost = false;
  let timer = 0;
  let wait = FIRST_WAIT_MS;

  const read = async (reply) => {
    const told = await reply.json().catch(() => null);
    if (reply.ok && told !== null) return told;
    throw new Refused(reply.status, told?.problem ?? say.text("problem_other", { status: reply.status }), told ?? {});
  };

  const send = async (path, { method = "GET", body } = {}) => {
    const asked = { method, cache: "no-store", headers: {} };
    if (body !== undefined) {
      asked.body = JSON.stringify(body);
      asked.headers["Content-Type"] = "application/json";
    }
    let reply;
    try {
      reply = await fetch(`api/${path}`, asked);
    } catch {
      throw new Refused(0, say.text("lost"));
    }
    return read(reply);
  };

  const listen = async () => {
    clearTimeout(timer);
    try {
      await send("variants");
    } catch (error) {
      if (error.status === 0) {
        timer = setTimeout(listen, wait);
        wait = Math.min(wait * 2, LONGEST_WAIT_MS);
        return;
      }
      // Started anew it has another address: what stands here can still be kept as files.
      if (error.status === 403) {
        onElsewhere();
        return;
      }
    }
    lost = false;
    wait = FIRST_WAIT_MS;
    onBack();
  };

  const ask = async (path, asked) => {
    try {
      return await send(path, asked);
    } catch (error) {
      if (error.status === 0 && !lost) {
        lost = true;
        onLost();
        timer = setTimeout(listen, wait);
      }
      throw error;
    }
  };

  return { ask, listen, isLost: () => lost };
};
