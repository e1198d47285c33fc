// What this watch says: builds, signs and sends commands. In: what was decided on the page. Out: the node's answer.
// A signed command that cannot leave is kept, said to be kept, and leaves when the link is back, until its not_after.

import { Offline, Problem } from "./api.js";
import { encode, fromBase64, toBase64, uuidBytes } from "./msgpack.js";
import { changed, now, world } from "./state.js";
import { current } from "./words.js";

const CONTEXT = "wideberth/command/1";
const LIFE_US = 600_000_000; // ten minutes: long enough for a link to come back, short enough that nothing old surprises

const random = (bytes) => crypto.getRandomValues(new Uint8Array(bytes));
const digest = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

/** A free text, or ["volumes", ...], as a part of its own. */
async function part(given) {
  const salt = random(32);
  const content = encode(typeof given === "string" ? ["text", current(), given] : given);
  return { salt, content, commitment: await digest(new Uint8Array([...salt, ...content])) };
}

/** Signs one command with its free text and gives what POST /v1/commands takes. */
export async function seal(command, texts = []) {
  const parts = await Promise.all(texts.map(part));
  const not_after_us = BigInt(Math.round(now())) * 1000n + BigInt(LIFE_US);
  const envelope = encode([
    CONTEXT,
    fromBase64(world.about.genesis),
    world.signer.party,
    [world.signer.publicKey],
    random(16),
    not_after_us,
    [world.seen.size, world.seen.root],
    command,
    parts.map((part) => part.commitment),
  ]);
  const signature = await world.signer.sign(envelope);
  return {
    not_after_ms: Number(not_after_us / 1000n),
    body: {
      envelope: toBase64(envelope),
      signatures: [toBase64(signature)],
      parts: parts.map((part) => ({ salt: toBase64(part.salt), content: toBase64(part.content) })),
    },
  };
}

/** Signs and sends. Gives {kept: true} when the link is away; the same bytes leave later, so nothing happens twice. */
export async function say(node, command, texts = []) {
  const sealed = await seal(command, texts);
  try {
    return await node.command(sealed.body);
  } catch (error) {
    if (!(error instanceof Offline)) throw error;
    sealed.urgent = command[0] === "stop";
    sealed.urgent ? world.outbox.unshift(sealed) : world.outbox.push(sealed);
    changed();
    return { kept: true };
  }
}

let flushing = false;

/** Sends what was kept, oldest first, one after the other. Gives the refusals, for people to read. */
export async function flush(node) {
  const refused = [];
  if (flushing) return refused;
  flushing = true;
  try {
    while (world.outbox.length) {
      const [first] = world.outbox;
      if (first.not_after_ms > now()) await node.command(first.body).catch((error) => refused.push(problemOnly(error)));
      else refused.push(new Problem({ reason: "past-not-after" }));
      world.outbox.splice(world.outbox.indexOf(first), 1);
      changed();
    }
  } catch (error) {
    if (!(error instanceof Offline)) throw error;
  } finally {
    flushing = false;
  }
  return refused;
}

function problemOnly(error) {
  if (error instanceof Problem) return error;
  throw error;
}

const proposalSubject = (conflict, proposal) => ["proposal", uuidBytes(conflict), uuidBytes(proposal)];
const planSubject = (plan) => ["plan", plan.party, uuidBytes(plan.id), plan.version];
const change = (given, text) =>
  given.kind === "procedure"
    ? ["procedure", text]
    : ["shift", given.whose, Math.round((given.start_s ?? 0) * 1e6), Math.round((given.altitude_m ?? 0) * 1000)];

export const propose = (conflict, given, words) => ({
  command: ["propose", uuidBytes(conflict), random(16), change(given, 0), null],
  texts: given.kind === "procedure" ? [words] : [],
});
export const concurProposal = (conflict, proposal) => ({ command: ["concur", proposalSubject(conflict, proposal)], texts: [] });
export const concurPlan = (plan) => ({ command: ["concur", planSubject(plan)], texts: [] });
const objection = (subject, words) => ({ command: ["object", subject, words ? 0 : null], texts: words ? [words] : [] });
export const objectProposal = (conflict, proposal, words) => objection(proposalSubject(conflict, proposal), words);
export const objectPlan = (plan, words) => objection(planSubject(plan), words);
export const withdrawProposal = (conflict, proposal) => ({ command: ["withdraw", proposalSubject(conflict, proposal)], texts: [] });
export const withdrawRisk = (conflict) => ({ command: ["withdraw", ["risk", uuidBytes(conflict)]], texts: [] });
export const withdrawPlan = (plan) => ({ command: ["withdraw", planSubject(plan)], texts: [] });
export const acceptRisk = (conflict, words) => ({ command: ["accept_risk", uuidBytes(conflict), 0], texts: [words] });
export const setState = (operation, state) => ({ command: ["set_state", uuidBytes(operation.id), operation.version, state], texts: [] });
export const confirm = (operation) => ({ command: ["confirm", uuidBytes(operation.id), operation.version], texts: [] });

const subject = (message) => [message.sender, uuidBytes(message.id), message.version];
const words = (text) => (text ? [text] : []);
const place = (text) => (text ? 0 : null);
export const stop = (text, drill) => ({ command: ["stop", random(16), "stop", place(text), null, drill], texts: words(text) });
export const acknowledge = (message, cell, echo) => ({ command: ["acknowledge", subject(message), cell, echo, null], texts: [] });
export const answer = (message, cell, kind, text) => ({ command: ["answer_message", subject(message), cell, kind, place(text)], texts: words(text) });
export const reject = (message, cell, text) => ({ command: ["reject", subject(message), cell, 0], texts: [text] });
export const cancel = (message) => ({ command: ["cancel_message", uuidBytes(message.id), message.version], texts: [] });
export const doubt = (message, text) => ({ command: ["doubt", random(16), subject(message), 0], texts: [text] });
export const review = (id, text) => ({ command: ["review", uuidBytes(id), 0], texts: [text] });
export const check = (to, path) => ({ command: ["check_line", random(16), to, path], texts: [] });
export const answerCheck = (line) => ({ command: ["answer_check", line.first, uuidBytes(line.check)], texts: [] });
export const handOver = (cell, key, text) => ({ command: ["hand_over", cell, fromBase64(key), place(text)], texts: words(text) });
export const takeOver = (cell, items) => ({ command: ["take_over", cell, items.map(uuidBytes)], texts: [] });
/** A notice or question, or its next version; its geometry is that of a plan of one's own, a circle, or none. */
export const send = ({ kind, precedence, to, text, operation, circle, drill, replaces }) => ({
  command: ["send", replaces ? uuidBytes(replaces.id) : random(16), replaces?.version ?? 0, kind, precedence, to, operation || circle ? kind : "", place(text), circle ? words(text).length : null, operation ? uuidBytes(operation) : null, null, drill, []],
  texts: [...words(text), ...(circle ? [["volumes", [volume(circle)]]] : [])],
});
/** Whole nanodegrees, millimetres and microseconds, from degrees, metres and ms. */
const volume = ({ lat, lon, radius_m, lower_m, upper_m, from, to }) => [
  ["c", Math.round(lat * 1e9), Math.round(lon * 1e9), Math.round(radius_m * 1000)],
  Math.round(lower_m * 1000), Math.round(upper_m * 1000), BigInt(Math.round(from)) * 1000n, BigInt(Math.round(to)) * 1000n,
];
export const signHead = (number, head) => ({ command: ["sign_head", number, fromBase64(head)], texts: [] });
