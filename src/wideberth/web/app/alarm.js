// STOP: the alarm over everything, its sound, the band that stays, and the button that says it. In: hotline.js. Out: words that
// cannot be missed, and signed commands. It never goes away by itself, and never takes the focus from somebody who types.

import * as actions from "./actions.js";
import { $, $$, draw, h, sign } from "./dom.js";
import * as facts from "./facts.js";
import * as f from "./format.js";
import * as hotline from "./hotline.js";
import * as sound from "./sound.js";
import { changed, now, set, world } from "./state.js";
import { code, current, t, text } from "./words.js";

const HOLD_MS = 800;
const UNENTERED_MS = 30000;
const BANDS_MAX = 3;
let told = "";
let was_sound = "";
let held = 0;
let fired = false;

/** Once a second: ages, the title turn by turn, and sound again where it was off. */
export function beat() {
  const stops = hotline.alarms();
  const loud = stops.filter((stop) => !stop.drill);
  const title = loud.length && (Math.floor(now() / 1000) % 2 || matchMedia("(prefers-reduced-motion:reduce)").matches);
  document.title = title ? text("stop.title", { party: facts.partyName(loud[0].sender) }) : world.title;
  for (const age of $$("[data-ago]")) age.replaceChildren(...t("stop.ago", { ago: f.lasting(now() - Number(age.dataset.ago)) }));
  sound.ring(hotline.sounding());
  if (stops.length && sound.state() !== was_sound) changed();
}

async function acknowledge(stop, owed) {
  if (!(await actions.acknowledgeStop(stop.message, owed.cell))) return;
  if (hotline.owedOpen(stop.message).length <= 1) putAway(stop);
}
const putAway = (stop) => (world.put_away.set(stop.key, stop.version), changed());
const hush = (stop) => (world.silenced.set(stop.key, performance.now() + sound.SILENCE_MS), changed());
const cellName = (cell) => (cell ? code(cell) : text("the_watch"));
const btn = (k, cls, label, act) => h("button", { type: "button", class: cls, "data-k": k, on: { click: act } }, t(...label));

function buttons(stop) {
  const owed = stop.message ? hotline.owedOpen(stop.message) : [];
  const coming = !stop.message && !stop.over;
  const stuck = coming && performance.now() - stop.heard > UNENTERED_MS;
  return [
    owed.map((o) => btn(`ack:${stop.key}:${o.cell}`, "btn go", ["stop.acknowledge", { cell: cellName(o.cell) }], () => acknowledge(stop, o))),
    coming && h("span", { class: "coming" }, t("stop.coming")),
    hotline.sounding() && !stop.drill && btn(`silence:${stop.key}`, "btn", ["stop.silence"], () => hush(stop)),
    (stop.over || stuck || (stop.message && !owed.length)) && btn(`away:${stop.key}`, "btn", ["stop.put_away"], () => putAway(stop)),
  ];
}

const realOrNot = (stop) => (world.about?.exercise ? "flag.exercise" : stop.drill ? "flag.drill" : "flag.real");

function article(stop) {
  const foreign = stop.text && stop.language !== current();
  const local = f.hasLocal() ? { local: f.localTime(stop.at, true) } : null;
  return h("article", { class: stop.drill ? "drill" : "" },
    h("b", { class: "word" }, t(stop.drill ? "stop.drill_word" : "stop.word"), h("small", {}, t(realOrNot(stop)))),
    h("div", { class: "what" },
      h("p", { class: "said" }, t(local ? "stop.from" : "stop.from_utc", { party: facts.partyName(stop.sender), time: f.utc(stop.at, true), ...local }), t("space"), h("span", { data: { ago: stop.at } })),
      stop.text && h("p", { class: "text" }, h("q", {}, h("bdi", { lang: stop.language ?? undefined, dir: "auto" }, actions.plain(stop.text))),
        foreign && h("small", {}, stop.language ? t("untranslated", { language: code(stop.language) }) : t("as_written"))),
      stop.off_watch && h("p", {}, t("stop.off_watch")),
      stop.over && h("p", {}, t("stop.over")),
      stop.envelopes.size > 1 && h("p", {}, t("stop.repeated", { count: stop.envelopes.size })),
      sound.state() === "blocked" && !stop.drill && h("p", {}, t("stop.no_sound"))),
    h("div", { class: "acts" }, buttons(stop)));
}

/** The red band that stays in every room while a STOP is in force. */
function band(message) {
  const reached = message.mine ? ["stop.reached", { count: message.receivers.filter((r) => r.reach !== "sent").length, all: code(message.receivers.length) }] : null;
  return h("div", { class: `band${message.drill ? " drill" : ""}` }, sign("i-oct", "s-oct"), h("b", {}, t(message.drill ? "stop.drill_word" : "stop.word"), t("space"), t(realOrNot(message))),
    h("span", { class: "words" }, t(message.mine ? "stop.in_force_mine" : "stop.in_force", { party: facts.partyName(message.sender), time: f.utc(f.ms(message.sent), true) }), reached && [t("space"), t(...reached)],
      message.text && [t("space"), h("bdi", { dir: "auto" }, actions.plain(message.text).slice(0, 200))]),
    btn(`band:${message.sender}/${message.id}`, "btn", ["message.open"], () => actions.openMessage(message)));
}

/** What lies over the alarm would take its buttons: it closes. A drill never takes a STOP from somebody who is saying one. */
function raise(stops) {
  for (const dialog of $$(stops.every((s) => s.drill) ? "dialog[open]:not(#stop)" : "dialog[open]")) dialog.close();
  $("#shout").textContent = stops.map((s) => text("stop.aloud", { party: facts.partyName(s.sender), text: actions.plain(s.text ?? "") })).join(" ");
}

export function render() {
  const stops = hotline.alarms();
  const box = $("#alarm");
  box.hidden = !stops.length;
  was_sound = sound.state();
  const stuck = (s) => performance.now() - s.heard > UNENTERED_MS;
  const state = stops.map((s) => [s.key, s.drill, s.off_watch, s.over, s.text, s.envelopes.size, s.version, stuck(s), s.message && hotline.owedOpen(s.message).map((o) => o.cell)]);
  draw(box, JSON.stringify([state, current(), world.theatre !== null, was_sound, hotline.sounding()]), () => stops.map(article));
  const bands = hotline.inForce();
  const place = $("#bands");
  place.hidden = !bands.length;
  draw(place, JSON.stringify([bands, current(), world.theatre !== null]), () => [...bands.slice(0, BANDS_MAX).map(band), bands.length > BANDS_MAX && h("p", {}, t("stop.more", { count: bands.length - BANDS_MAX }))]);
  const key = stops.map((s) => `${s.key} ${s.envelopes.size} ${s.version > 1 ? s.version : 1}`).join();
  if (key && !key.split(",").every((k) => told.includes(k))) raise(stops);
  told = key;
  document.documentElement.dataset.alarm = stops.some((s) => !s.drill) ? "stop" : "";
}

// saying it

/** Two steps, so that no slip says it; the second is under the finger already. Holding the button or F8 is the same in one. */
function ask() {
  const dialog = $("#stop");
  if (dialog.open || !world.signer) return;
  const words = h("textarea", { class: "field", rows: "2", maxlength: "500", id: "stop-text" });
  const drill = h("input", { type: "checkbox", id: "stop-drill" });
  const say = (event) => {
    event.preventDefault();
    dialog.close();
    actions.stop(words.value.trim(), drill.checked);
  };
  dialog.replaceChildren(h("form", { on: { submit: say } },
    h("h2", { id: "stop-title" }, t("stop.ask")),
    h("p", {}, h("b", {}, t(world.about?.exercise ? "flag.exercise" : "flag.real")), t("space"), t("stop.ask_text")),
    h("label", { class: "wide" }, h("span", {}, t("stop.words")), words),
    h("label", {}, drill, h("span", {}, t("drill"))),
    h("div", { class: "acts" },
      h("button", { type: "submit", class: "btn stop", id: "stop-say" }, t("stop.say")),
      h("button", { type: "button", class: "btn", on: { click: () => dialog.close() } }, t("cancel")))));
  dialog.showModal();
  $("#stop-say").focus();
  set({ saying: null });
}

function hold() {
  if (held || !world.signer) return;
  fired = false;
  $("#stop-button").classList.add("holding");
  held = setTimeout(() => {
    release();
    fired = true;
    $("#stop").close();
    actions.stop("", false);
  }, HOLD_MS);
}
function release() {
  clearTimeout(held);
  held = 0;
  $("#stop-button").classList.remove("holding");
}

/** The button and F8: pressed they ask, held they say it. */
export function listenToStop() {
  sound.listenForGesture();
  const button = $("#stop-button");
  button.addEventListener("pointerdown", (event) => event.button === 0 && hold());
  for (const event of ["pointerup", "pointerleave", "pointercancel"]) button.addEventListener(event, release);
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  button.addEventListener("click", () => (fired ? (fired = false) : ask()));
  addEventListener("keydown", (event) => event.key === "F8" && (event.preventDefault(), event.repeat || hold()), { capture: true });
  addEventListener("keyup", (event) => event.key === "F8" && held && (release(), ask()), { capture: true });
  addEventListener("blur", release);
}
