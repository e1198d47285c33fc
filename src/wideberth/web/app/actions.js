// What a person on watch does: choose, sign, send. In: clicks and keys. Out: commands to the node, and what it answered.

import { Offline, Problem } from "./api.js";
import * as commands from "./commands.js";
import { $, h } from "./dom.js";
import * as facts from "./facts.js";
import * as f from "./format.js";
import * as hotline from "./hotline.js";
import { shown } from "./shown.js";
import { changed, set, world } from "./state.js";
import { has, t, text } from "./words.js";

let node = null;
let refresh = () => {};
export function use(client, refetch) {
  node = client;
  refresh = refetch;
}

/** Says something politely to whoever listens to the page. */
export function announce(...sentence) {
  $("#say").textContent = text(...sentence);
}

/** What the node refused, in the reader's language, with its own sentence beside it. */
export function problemSentence(error) {
  if (error instanceof Offline) return ["offline"];
  const reason = `reason.${error.reason}`;
  return ["refused", { why: has(reason) ? text(reason) : error.body?.title || text("reason.unknown"), detail: error.detail ?? "" }];
}

/** Signs and sends; says what became of it where the person is looking. */
export async function send({ command, texts }, words, urgent = false) {
  if (world.sending && !urgent) return false;
  set({ sending: true, saying: { kind: "sending", sentence: ["sending"] } });
  try {
    const answer = await commands.say(node, command, texts);
    const sentence = answer.kept ? ["kept.said"] : ["accepted", { what: text(words), position: answer.position, time: f.utc(f.ms(answer.time), true) }];
    set({ saying: { kind: "said", sentence }, writing: null });
    announce(...sentence);
    if (!answer.kept) refresh();
    return true;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const sentence = problemSentence(error);
    set({ saying: { kind: "refused", sentence } });
    announce(...sentence);
    refresh();
    return false;
  } finally {
    set({ sending: false });
  }
}

export const confirm = (operation) => send(commands.confirm(operation), "did.confirm");
export const setState = (operation, state) => send(commands.setState(operation, state), "did.set_state");
export const signHead = (told) => send(commands.signHead(told.number, told.head), "did.sign_head");
export const concurPlan = (asked) => send(commands.concurPlan(asked.operation), "did.concur");
export const concur = (conflict, proposal) => send(commands.concurProposal(conflict.id, proposal.id), "did.concur");
export const withdraw = (conflict, proposal) => send(commands.withdrawProposal(conflict.id, proposal.id), "did.withdraw");
export const withdrawRisk = (conflict) => send(commands.withdrawRisk(conflict.id), "did.withdraw");

export const acknowledge = (message, cell, echo) => send(commands.acknowledge(message, cell, echo), echo.length ? "did.read_back" : "did.acknowledge");
export const answer = (message, cell, kind, words) => send(commands.answer(message, cell, kind, words), "did.answer");
export const reject = (message, cell, words) => send(commands.reject(message, cell, words), "did.reject");
export const cancelMessage = (message) => send(commands.cancel(message), "did.cancel");
export const doubt = (message, words) => send(commands.doubt(message, words), "did.doubt");
export const review = (id, words) => send(commands.review(id, words), "did.review");
export const check = (to, path) => send(commands.check(to, path), "did.check");
export const answerCheck = (line) => send(commands.answerCheck(line), "did.answer_check");
export const handOver = (cell, key, words) => send(commands.handOver(cell, key, words), "did.hand_over");
export const takeOver = (cell, items) => send(commands.takeOver(cell, items), "did.take_over");
export const sendMessage = (message) => send(commands.send(message), "did.send");

/** STOP, and that one has it, wait for nothing else that is being sent. */
export const stop = (words, drill) => send(commands.stop(words, drill), "did.stop", true);
export const acknowledgeStop = (message, cell) => send(commands.acknowledge(message, cell, []), "did.acknowledge", true);

/** Somebody else's words with everything visible that hides, turns text around or poses as another letter. */
export const plain = shown;

export async function propose(conflict, change) {
  const words = world.drafts.get(`procedure:${conflict.id}`)?.trim() ?? "";
  if (change.kind === "procedure" && !words) {
    set({ saying: { kind: "refused", sentence: ["procedure.empty"] }, focus: "procedure-text" });
    return;
  }
  if (await send(commands.propose(conflict.id, change, words), "did.propose")) {
    world.drafts.delete(`procedure:${conflict.id}`);
    world.chosen.delete(conflict.id);
    changed();
  }
}

/** Opens the small form for a reason; its sending is in `sendWriting`. */
export function write(what) {
  set({ writing: { ...what, asked: what.asked ?? null }, saying: null, focus: "writing" });
}
export const writingHere = (key) => world.writing?.kind === "object-plan" && `asked:${world.writing.asked.operation.id}` === key;

async function sendWriting() {
  const { kind, conflict, proposal, asked } = world.writing;
  const words = (world.drafts.get("writing") ?? "").trim();
  if (kind === "risk" && !words) {
    set({ saying: { kind: "refused", sentence: ["risk.needs_reason"] } });
    return;
  }
  const made = { risk: () => commands.acceptRisk(conflict, words), object: () => commands.objectProposal(conflict, proposal, words), "object-plan": () => commands.objectPlan(asked.operation, words) };
  if (await send(made[kind](), kind === "risk" ? "did.accept_risk" : "did.object")) world.drafts.delete("writing");
}

/** A labelled text field with Send and Cancel. */
export function writingForm() {
  const { kind } = world.writing;
  const label = kind === "risk" ? "risk.label" : "object.label";
  const submit = kind === "risk" ? "accept_risk" : "object.send";
  return h("form", { class: "row", on: { submit: (event) => (event.preventDefault(), sendWriting()) } },
    h("label", { class: "wide" }, h("span", {}, t(label)),
      h("textarea", { class: "field", rows: "2", maxlength: "2000", "data-k": "writing", value: world.drafts.get("writing") ?? "", on: { input: (event) => world.drafts.set("writing", event.target.value) } })),
    h("button", { type: "submit", class: "btn go", "data-k": "writing-send" }, t(submit)),
    h("button", { type: "button", class: "btn", "data-k": "writing-cancel", on: { click: () => set({ writing: null }) } }, t("cancel")));
}

/** Open the Conflicts room at a conflict, with a way to settle chosen if one is named. */
export function openConflict(id, choice) {
  if (choice) world.chosen.set(id, choice);
  set({ room: "conflict", conflict: id, saying: null, writing: null, focus: choice ? "act-main" : "room-head" });
  loadOptions(id);
}

/** Asks the node once a version what of a late text or a STOP contradicts its geometry. */
export async function askBeside(message) {
  if (!hotline.asksBeside(message) || !node?.session) return;
  hotline.asked.set(hotline.besideKey(message), []);
  try {
    const { contradictions } = await node.get(`v1/messages/${message.sender}/${message.id}`);
    if (contradictions.length) hotline.asked.set(hotline.besideKey(message), contradictions);
    changed();
  } catch (error) {
    if (!(error instanceof Problem) && !(error instanceof Offline)) throw error;
    hotline.asked.delete(hotline.besideKey(message));
  }
}

/** Open the Messages room at a message. */
export const openMessage = (message) => set({ room: "messages", message: `${message.sender}/${message.id}`, doing: null, saying: null, writing: null, focus: "message-head" });

/** Asks the node once per conflict and ledger position what would clear it. */
export async function loadOptions(id) {
  const conflict = facts.conflictById(id);
  if (!conflict || !facts.open(conflict) || !node?.session) return;
  const asked = world.options.get(id);
  if (asked && asked.position === conflict.position && asked.proposals === conflict.proposals.length) return;
  const entry = { position: conflict.position, proposals: conflict.proposals.length, options: asked?.options ?? null, length: 0 };
  world.options.set(id, entry);
  try {
    entry.options = (await node.get(`v1/conflicts/${id}/options`)).options;
  } catch (error) {
    if (!(error instanceof Problem) && !(error instanceof Offline)) throw error;
    entry.options = [];
    entry.failed = problemSentence(error);
  }
  entry.length = entry.options.length + 1;
  changed();
}
export const optionsOf = (conflict) => world.options.get(conflict.id)?.options ?? null;
export const optionsFailed = (conflict) => world.options.get(conflict.id)?.failed ?? null;

/** The first thing to try, as a short label: what the other proposed, else the node's first option. */
export function suggestion(conflict) {
  if (conflict.proposals.some((p) => p.state === "open")) return null;
  const option = optionsOf(conflict)?.find((o) => o.change.kind === "shift");
  if (!option) return null;
  return { key: `option:${optionsOf(conflict).indexOf(option)}`, sentence: option.change.whose === "other" ? ["suggest.other", { shift: f.shiftCost(option.change) }] : facts.changeSentence(option.change, conflict) };
}

/** Shows what is still to be read where it cannot be missed; used by both rooms. */
export function sayingLine() {
  if (!world.saying) return null;
  const { kind, sentence } = world.saying;
  return h("p", { class: kind === "refused" ? "problem" : "saying", role: kind === "refused" ? "alert" : undefined }, t(...sentence));
}
