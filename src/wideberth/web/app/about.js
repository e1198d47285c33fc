// The help dialog: the keys, and what the words of this page mean.

import { $, h } from "./dom.js";
import { changed, remember, world } from "./state.js";
import { code, t } from "./words.js";

const KEYS = ["1", "3", "J / K", "C", "P", "T", ", / .", "0", "N", "?", "Esc"];
const KEY_WORDS = ["keys.watch", "keys.conflicts", "keys.step", "keys.conflict", "keys.propose", "keys.table", "keys.time", "keys.now", "keys.palette", "keys.help", "keys.back"];

/** What most never open comes when it is asked for. */
const play = async () => (await import("./player.js")).show();
const day = async () => (await import("./alertday.js")).show();
const opens = (id, label, act) => h("button", { type: "button", class: "btn", id, on: { click: () => ($("#help").close(), act()) } }, t(label));

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
    h("div", { class: "acts" }, opens("day-of-alerts", "day.open", day), opens("play-encounter", "player.open", play)),
    h("form", { method: "dialog" }, h("button", { type: "submit", class: "btn go" }, t("close"))));
  dialog.showModal();
}
