// The hotline as data. In: the node's answers, STOPs as the stream brings them. Out: messages, alarms and lists for the panels.

import { Problem } from "./api.js";
import * as f from "./format.js";
import { changed, set, world } from "./state.js";

const PAGE = 200;
export const PRECEDENCES = ["flash", "immediate", "priority", "routine"];
export const ANSWERS = ["not-affected", "conflict", "not-ours", "unknown", "declined"];
export const ITEMS = ["position", "cell", "bearing", "band", "window", "version", "seal"];
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

/** A STOP on the stream: it sounds before it is an entry, and the same one again is the same alarm. */
export function heardStop(stop) {
  const key = keyOf(stop.sender, stop.message);
  if (world.stops.has(key)) return false;
  const { message: id, ...said } = stop;
  world.stops.set(key, { ...said, id, key, at: f.ms(stop.time) });
  changed();
  return true;
}

/** Every STOP that is to be seen: those heard and not put away, and those in the list that this party still owes. */
export function alarms() {
  const found = new Map(world.stops);
  for (const message of messages()) {
    const key = keyOf(message.sender, message.id);
    if (message.kind !== "stop" || message.mine || !(owedOpen(message).length || found.has(key))) continue;
    found.set(key, { ...found.get(key), key, sender: message.sender, text: message.text, language: message.language, drill: message.drill, off_watch: message.off_watch, at: f.ms(message.sent), message });
  }
  return [...found.values()].filter((stop) => !world.put_away.has(stop.key)).sort((a, b) => Number(a.drill) - Number(b.drill) || a.at - b.at);
}
export const sounding = () => alarms().some((stop) => !stop.drill && !world.silenced.has(stop.key) && !(stop.message && !owedOpen(stop.message).length));

/** ISO/IEC 7064 MOD 1271-36: whether the last two characters fit what stands before them. */
export function checkHolds(text) {
  const plain = text.toUpperCase().replace(/[\s\u2066-\u2069-]/g, "");
  if (!/^[0-9A-Z]{3,}$/.test(plain)) return false;
  let sum = 0;
  for (const character of plain) sum = (sum * 36 + parseInt(character, 36)) % 1271;
  return sum === 1;
}
