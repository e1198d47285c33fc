// Keys. In: key presses outside of fields. Out: the same as the buttons do. Letters can be switched off.

import * as actions from "./actions.js";
import { $ } from "./dom.js";
import * as facts from "./facts.js";
import * as lanes from "./lanes.js";
import * as needs from "./needs.js";
import { set, world } from "./state.js";

/** The dialog comes when it is asked for. */
export const show = async () => (await import("./about.js")).show();

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
    2: () => set({ room: "messages", saying: null, doing: null }),
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
