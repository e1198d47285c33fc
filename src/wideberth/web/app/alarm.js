// STOP: the alarm over everything, its sound, and the button that says it. In: alarms() of hotline.js. Out: words that cannot
// be missed, and signed commands. It never goes away by itself, and never takes the focus from somebody who types.

import * as actions from "./actions.js";
import { $, draw, h } from "./dom.js";
import * as facts from "./facts.js";
import * as f from "./format.js";
import * as hotline from "./hotline.js";
import { changed, now, set, world } from "./state.js";
import { code, current, t, text } from "./words.js";

const BEEP_MS = 4000;
const TONES = [0, 0.22, 0.44];
let sound = null;
let sounded = 0;
let told = "";

/** Browsers let a page sound only after somebody touched it. */
export function listenForTouch() {
  const wake = () => {
    sound ??= new AudioContext();
    sound.resume().catch(() => undefined);
  };
  for (const event of ["pointerdown", "keydown"]) addEventListener(event, wake, { once: true });
  $("#stop-button").addEventListener("click", ask);
}

function beep() {
  if (!sound || sound.state !== "running") return;
  for (const after of TONES) {
    const tone = sound.createOscillator();
    const gain = sound.createGain();
    const start = sound.currentTime + after;
    tone.frequency.value = 880;
    gain.gain.setValueAtTime(0.0001, start);
    gain.gain.exponentialRampToValueAtTime(0.4, start + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0001, start + 0.18);
    tone.connect(gain).connect(sound.destination);
    tone.start(start);
    tone.stop(start + 0.2);
  }
}

/** Once a second: sound again, and the title says it turn by turn. */
export function beat() {
  const stops = hotline.alarms().filter((stop) => !stop.drill);
  if (stops.length && Math.floor(now() / 1000) % 2) document.title = text("stop.title", { party: facts.partyName(stops[0].sender) });
  if (!hotline.sounding() || performance.now() - sounded < BEEP_MS) return;
  sounded = performance.now();
  beep();
}

const acknowledge = (stop, owed) => actions.acknowledge(stop.message, owed.cell, []);
const cellName = (cell) => (cell ? code(cell) : text("the_watch"));

function buttons(stop) {
  const owed = stop.message ? hotline.owedOpen(stop.message) : [];
  const silent = world.silenced.has(stop.key);
  return [
    ...owed.map((o) => h("button", { type: "button", class: "btn go", "data-k": `ack:${stop.key}:${o.cell}`, on: { click: () => acknowledge(stop, o) } }, t("stop.acknowledge", { cell: cellName(o.cell) }))),
    !stop.message && h("span", { class: "coming" }, t("stop.coming")),
    owed.length > 0 && !stop.drill && h("button", { type: "button", class: "btn", "data-k": `silence:${stop.key}`, "aria-pressed": String(silent), on: { click: () => (silent ? world.silenced.delete(stop.key) : world.silenced.add(stop.key), changed()) } }, t("stop.silence")),
    stop.message && !owed.length && h("button", { type: "button", class: "btn", "data-k": `away:${stop.key}`, on: { click: () => (world.put_away.add(stop.key), world.stops.delete(stop.key), changed()) } }, t("stop.put_away")),
  ];
}

function article(stop) {
  const foreign = stop.text && stop.language && stop.language !== current();
  return h("article", { class: stop.drill ? "drill" : "" },
    h("b", { class: "word" }, t(stop.drill ? "stop.drill_word" : "stop.word")),
    h("div", { class: "what" },
      h("p", { class: "who" }, t("stop.from", { party: facts.partyName(stop.sender), time: f.utc(stop.at, true), local: f.localTime(stop.at, true) })),
      stop.text && h("p", { class: "text" }, h("q", {}, h("bdi", {}, actions.plain(stop.text))), foreign && h("small", {}, t("untranslated", { language: code(stop.language) }))),
      stop.off_watch && h("p", {}, t("stop.off_watch")),
      world.about?.exercise && h("p", {}, t("exercise"))),
    h("div", { class: "acts" }, buttons(stop)));
}

export function render() {
  const stops = hotline.alarms();
  const box = $("#alarm");
  box.hidden = !stops.length;
  const state = stops.map((s) => [s.key, s.drill, s.off_watch, world.silenced.has(s.key), s.message?.version, s.message && hotline.owedOpen(s.message).map((o) => o.cell)]);
  draw(box, JSON.stringify([state, current(), world.theatre !== null, world.sending]), () => stops.map(article));
  const key = stops.map((s) => s.key).join();
  if (key && key !== told) $("#shout").textContent = stops.map((s) => text("stop.aloud", { party: facts.partyName(s.sender), text: actions.plain(s.text ?? "") })).join(" ");
  told = key;
  document.documentElement.dataset.alarm = stops.some((s) => !s.drill) ? "stop" : "";
}

/** Two steps, so that no slip says it; the second is under the finger already. */
function ask() {
  const dialog = $("#stop");
  const words = h("textarea", { class: "field", rows: "2", maxlength: "500", id: "stop-text" });
  const drill = h("input", { type: "checkbox", id: "stop-drill" });
  const say = async (event) => {
    event.preventDefault();
    dialog.close();
    await actions.stop(words.value.trim(), drill.checked);
  };
  dialog.replaceChildren(h("form", { on: { submit: say } },
    h("h2", { id: "stop-title" }, t("stop.ask")),
    h("p", {}, t("stop.ask_text")),
    h("label", { class: "wide" }, h("span", {}, t("stop.words")), words),
    h("label", {}, drill, h("span", {}, t("drill"))),
    h("div", { class: "acts" },
      h("button", { type: "submit", class: "btn stop", id: "stop-say" }, t("stop.say")),
      h("button", { type: "button", class: "btn", on: { click: () => dialog.close() } }, t("cancel")))));
  dialog.showModal();
  $("#stop-say").focus();
  set({ saying: null });
}
