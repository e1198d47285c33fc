// Whose aircraft fly a plan: a small form. In: a plan of one's own. Out: a signed command with an erasable part.
// What is written takes the place of what was said before; nobody else sees it.

import * as actions from "./actions.js";
import { $, h } from "./dom.js";
import * as live from "./live.js";
import { uuidBytes } from "./msgpack.js";
import { set } from "./state.js";
import { code, t, text } from "./words.js";

const LENGTH_MAX = 80;

/** Addresses and callsigns, in a line; null where nobody said so. */
export const namesOf = (operation) => {
  const names = [...(operation.aircraft?.addresses ?? []), ...(operation.aircraft?.callsigns ?? [])];
  return names.length ? code(names.join(", ")) : null;
};

const command = (operation, part) => ({ command: ["set_aircraft", uuidBytes(operation.id), part ? 0 : null], texts: part ? [part] : [] });
async function say(operation, part) {
  set({ focus: `aircraft:${operation.id}` });
  if (await actions.send(command(operation, part), part ? "did.set_aircraft" : "did.no_aircraft")) live.refresh();
}

const field = (id, label, names) => [
  h("label", { class: "wide", for: id }, t(label)),
  h("input", { class: "field", id, name: id, autocomplete: "off", spellcheck: "false", maxlength: "2000", value: names.join(" ") }),
];
const split = (id) => [...new Set($(`#${id}`).value.split(/[\s,;]+/).filter(Boolean))];

/** Opens the form over the room. */
export function ask(operation) {
  const dialog = $("#aircraft") ?? document.body.appendChild(h("dialog", { id: "aircraft", "aria-labelledby": "aircraft-title" }));
  const { addresses = [], callsigns = [] } = operation.aircraft ?? {};
  const wrong = h("p", { class: "problem", role: "alert", hidden: true });
  const refuse = (...sentence) => {
    wrong.replaceChildren(...t(...sentence));
    wrong.hidden = false;
  };
  const submit = (event) => {
    event.preventDefault();
    const [a, c] = [split("aircraft-addresses"), split("aircraft-callsigns")];
    const odd = [...a, ...c].find((name) => name.length > LENGTH_MAX || !/^[A-Za-z0-9._:/-]+$/.test(name));
    if (odd !== undefined) return refuse("aircraft.odd", { name: code(odd.slice(0, LENGTH_MAX)) });
    if (!a.length && !c.length) return refuse("aircraft.empty");
    dialog.close();
    say(operation, ["aircraft", a, c]);
    return undefined;
  };
  dialog.replaceChildren(h("form", { on: { submit } },
    h("h2", { id: "aircraft-title" }, t("aircraft.title", { label: code(operation.label) })),
    h("p", {}, t("aircraft.text")),
    field("aircraft-addresses", "aircraft.addresses", addresses),
    field("aircraft-callsigns", "aircraft.callsigns", callsigns),
    wrong,
    h("div", { class: "acts" },
      h("button", { type: "submit", class: "btn go", id: "aircraft-say" }, t("aircraft.say")),
      namesOf(operation) && h("button", { type: "button", class: "btn", id: "aircraft-none", on: { click: () => (dialog.close(), say(operation, null)) } }, t("aircraft.none")),
      h("button", { type: "button", class: "btn", on: { click: () => dialog.close() } }, t("cancel")))));
  dialog.showModal();
  $("#aircraft-addresses").focus();
}

/** For the table: which fly this plan, and the way to say so. */
export function cell(item) {
  const { item: operation } = item;
  if (item.what !== "operation" || !item.mine || operation.state === "Ended") return [];
  const names = namesOf(operation);
  return [h("br"), names && h("span", { class: "muted" }, t("plain", { value: names })), h("button", { type: "button", class: "btn", "data-k": `aircraft:${operation.id}`, "aria-label": text("aircraft.title", { label: operation.label }), on: { click: () => ask(operation) } }, t("aircraft.open"))];
}
