// Keys and help. In: key presses outside of fields. Out: the same as the buttons do. Letters can be switched off.

import * as actions from "./actions.js";
import { $, h } from "./dom.js";
import * as facts from "./facts.js";
import * as lanes from "./lanes.js";
import * as needs from "./needs.js";
import { changed, remember, set, world } from "./state.js";
import { code, t } from "./words.js";

const KEYS = ["1", "3", "J / K", "C", "P", "T", ", / .", "0", "N", "?", "Esc"];
const KEY_WORDS = ["keys.watch", "keys.conflicts", "keys.step", "keys.conflict", "keys.propose", "keys.table", "keys.time", "keys.now", "keys.palette", "keys.help", "keys.back"];

export function show() {
  const dialog = $("#help");
  const letters = h("input", { type: "checkbox", checked: world.letters, on: { change: (event) => ((world.letters = event.target.checked), remember(), changed()) } });
  const about = world.about;
  dialog.replaceChildren(
    h("h2", { id: "help-title" }, t("help")),
    h("dl", { class: "keys" }, KEYS.map((key, i) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, t(KEY_WORDS[i]))])),
    h("label", {}, letters, h("span", {}, t("help.letters"))),
    h("div", { class: "about" },
      h("p", {}, t("help.words")), h("p", {}, t("help.leaks")), about?.not_certified && h("p", {}, h("bdi", { lang: "en" }, about.not_certified)),
      about && h("p", {}, t("help.version", { version: code(about.version), origin: code(about.origin) })), h("p", {}, t("help.sources"))),
    h("form", { method: "dialog" }, h("button", { type: "submit", class: "btn go" }, t("close"))));
  dialog.showModal();
}

function back() {
  if (world.writing) return set({ writing: null });
  if (world.saying) return set({ saying: null });
  if (world.as_table) return set({ as_table: false });
  if (world.look_ms !== null) return lanes.look(null);
  if (world.room !== "watch") set({ room: "watch" });
  return undefined;
}

function openNearest() {
  const held = document.activeElement?.closest("[data-need]")?.dataset.need;
  const list = facts.needs().filter((n) => n.kind === "conflict");
  const need = list.find((n) => n.key === held) ?? list[0];
  if (need) actions.openConflict(need.id);
}

const PALETTES = { day: "dusk", dusk: "night", night: "day" };

function letterActions({ setPalette, propose }) {
  return {
    1: () => set({ room: "watch", saying: null, writing: null }),
    3: () => set({ room: "conflict", saying: null, writing: null }),
    0: () => lanes.look(null),
    j: () => needs.step(1),
    k: () => needs.step(-1),
    c: openNearest,
    p: () => world.room === "conflict" && propose(),
    t: () => world.room === "watch" && set({ as_table: !world.as_table }),
    n: () => setPalette(PALETTES[world.palette]),
    ",": () => lanes.shift(-15),
    ".": () => lanes.shift(15),
    "?": show,
  };
}

/** One listener for all keys; nothing is taken while a field has the focus or a modifier is held. */
export function listenToKeys(handlers) {
  const acts = letterActions(handlers);
  addEventListener("keydown", (event) => {
    if (!world.signer || $("#help").open || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") return back();
    if (!world.letters || event.target.closest("input:not([type=radio]),textarea,select")) return;
    const act = acts[event.key.toLowerCase()];
    if (!act || event.repeat) return;
    event.preventDefault();
    act();
  });
}
