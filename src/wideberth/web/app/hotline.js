// The hotline as data. In: the node's answers, STOPs as the stream brings them. Out: messages, alarms and lists for the panels.

import { Problem } from "./api.js";
import * as f from "./format.js";
import { changed, set, world } from "./state.js";

const PAGE = 200;
export const PRECEDENCES = ["flash", "immediate", "priority", "routine"];
export const ANSWERS = ["not-affected", "conflict", "not-ours", "unknown", "declined"];
/** Earlier versions of a message, as this page saw them. */
export const earlier = new Map();
const URGENT = new Set(["flash", "immediate"]);

let running = null;

async function pages(node) {
  const found = [];
  let after = 0;
  do {
    const page = await node.get(`v1/messages?after=${after}&limit=${PAGE}`);
    found.push(...page.messages);
    after = page.next;
  } while (after);
  return found;
}

/** Fetches what is open, lines and watches once, however many ask for it; one that asks meanwhile has it done again. */
export async function refresh(node) {
  if (running) {
    running.again = true;
    return;
  }
  const run = { again: true };
  running = run;
  try {
    while (run.again) {
      run.again = false;
      const [messages, lines, watches] = await Promise.all([pages(node), node.get("v1/lines"), node.get("v1/watches")]);
      enter(messages);
      keepEarlier(messages);
      set({ hotline: { messages, lines: lines.lines, cells: watches.cells, keys: watches.keys } });
    }
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 404) throw error;
  } finally {
    running = null;
  }
}

export const keyOf = (sender, id) => `${sender}/${id}`;
export const messages = () => world.hotline?.messages ?? [];
export const byKey = (key) => messages().find((m) => keyOf(m.sender, m.id) === key);
/** What cells of this party still owe to a message. */
export const owedOpen = (message) => message.owed.filter((o) => o.open);
export const urgent = (message) => URGENT.has(message.precedence);
export const toDo = () => messages().filter((m) => owedOpen(m).length);
export const doubted = (message) => message.doubts.some((d) => !d.reviewed);
/** The soonest time at which silence climbs, or null. */
export const climbs = (message) => owedOpen(message).map((o) => o.acknowledge_by).filter(Boolean).sort()[0] ?? null;
export const checks = () => (world.hotline?.lines ?? []).filter((l) => l.answer_by && l.second === world.signer?.party);
export const troubled = () => (world.hotline?.lines ?? []).filter((l) => l.state !== "up");

/** What contradicts a late text or a STOP, once it was asked for. */
export const asked = new Map();
export const besideKey = (message) => `${keyOf(message.sender, message.id)} ${message.version}`;
export const beside = (message) => asked.get(besideKey(message)) ?? [];
export const asksBeside = (message) => Boolean(message.text && message.volumes.length && (message.late || message.kind === "stop") && !asked.has(besideKey(message)));

function keepEarlier(list) {
  for (const message of list) {
    const before = byKey(keyOf(message.sender, message.id));
    if (before && before.version < message.version) earlier.set(keyOf(message.sender, message.id), before);
  }
}

/** What of a message is other than in the version before, where this page saw that one. */
export function changes(message) {
  const before = earlier.get(keyOf(message.sender, message.id));
  if (!before || before.version >= message.version) return null;
  const same = (name) => JSON.stringify(before[name]) === JSON.stringify(message[name]);
  return { before, names: ["text", "volumes", "precedence", "drill"].filter((name) => !same(name)) };
}

/** A STOP on the stream: it sounds before it is an entry; the same one again is the same alarm, a repeat raises it again. */
export function heardStop(stop) {
  const { message: id, envelope, ...said } = stop;
  const key = keyOf(stop.sender, id);
  const before = world.stops.get(key);
  if (before?.envelopes.has(envelope)) return false;
  const envelopes = new Set([...(before?.envelopes ?? []), envelope]);
  world.stops.set(key, { ...said, id, key, envelopes, entered: before?.entered ?? false, version: before?.version ?? 0, mine: stop.sender === world.signer?.party, at: f.ms(stop.time), heard: performance.now() });
  world.put_away.delete(key);
  world.silenced.delete(key);
  changed();
  return true;
}

/** What the list says of STOPs that the stream brought; those that this party owes and nobody here heard are added. */
function enter(list) {
  for (const message of list) {
    const key = keyOf(message.sender, message.id);
    const known = world.stops.get(key);
    if (message.kind !== "stop" || !(known || owedOpen(message).length)) continue;
    const { sender, id, text, language, drill, off_watch, version, mine } = message;
    const { envelopes = new Set(), heard = performance.now() } = known ?? {};
    world.stops.set(key, { key, sender, id, text, language, drill, off_watch, version, mine, envelopes, heard, entered: true, at: f.ms(message.sent) });
  }
}

/** A STOP as it stands: `message` once it is an entry, `over` once it is taken back. */
function standing(stop) {
  const message = byKey(stop.key);
  return { version: 0, ...stop, message, over: stop.entered && !message };
}

/** Every STOP of others that nobody here has acknowledged or put away; a new version of one stands there again. */
export function alarms() {
  const away = (stop) => world.put_away.has(stop.key) && stop.version <= world.put_away.get(stop.key);
  const found = [...world.stops.values()].map(standing).filter((stop) => !stop.mine && !away(stop));
  return found.sort((a, b) => Number(a.drill) - Number(b.drill) || a.at - b.at);
}
/** STOPs in force that are no alarm any more, one's own among them. */
export function inForce() {
  const alarmed = new Set(alarms().map((stop) => stop.key));
  return messages().filter((m) => m.kind === "stop" && m.state === "open" && !alarmed.has(keyOf(m.sender, m.id)));
}
const waits = (stop) => !stop.over && !(stop.message && !owedOpen(stop.message).length);
export const sounding = () => alarms().some((stop) => !stop.drill && waits(stop) && !((world.silenced.get(stop.key) ?? 0) > performance.now()));
