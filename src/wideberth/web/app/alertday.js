// The alerts of the last day, as the ledger has them for this party. In: GET /v1/alerts. Out: a dialog with a table.
// A picture of one moment: it says as of when, and is asked for again when it is opened again.

import { $, h } from "./dom.js";
import * as facts from "./facts.js";
import * as f from "./format.js";
import * as live from "./live.js";
import { world } from "./state.js";
import { code, t, text } from "./words.js";

const COLUMNS = ["day.since", "day.what", "day.own", "day.nearest", "day.stage", "day.taken"];
const planOf = (alert) => facts.things().find((item) => item.id === alert.operation)?.label;

function nearest(alert) {
  if (alert.kind === "off-plan") return [];
  const { horizontal_m: across = 5556, vertical_m: height = 304.8 } = world.theatre?.charter.minima?.[0] ?? {};
  const apart = alert.kind === "pair" ? ["alert.apart", { across: f.gapAcross(alert.horizontal_m, across), height: text("alert.height", { height: f.gapHeight(alert.vertical_m, height) }) }] : null;
  return [t("plain", { value: f.utc(f.ms(alert.closest), true) }), apart ? [h("br"), h("span", { class: "muted" }, t(...apart))] : []];
}

function row(alert) {
  const own = [planOf(alert), alert.track].filter(Boolean).join(" · ");
  const taken = [alert.acknowledged && text("day.by_you"), alert.acknowledged_by_other && text("day.by_other")].filter(Boolean);
  return h("tr", {},
    h("td", {}, t("plain", { value: f.utc(f.ms(alert.since), true) })),
    h("td", {}, t(`day.${alert.kind}`), alert.other ? [h("br"), h("span", { class: "muted" }, h("bdi", {}, facts.partyName(alert.other)))] : []),
    h("td", {}, own ? t("plain", { value: code(own) }) : ""),
    h("td", {}, nearest(alert)),
    h("td", {}, t(alert.kind === "off-plan" && alert.stage === "happened" ? "day.off" : `day.${alert.stage}`), alert.doubtful ? [h("br"), h("span", { class: "muted" }, t("day.doubtful"))] : []),
    h("td", {}, taken.length ? taken.join(", ") : t("day.nobody")));
}

/** Opens the dialog; where the node does not answer it says so. */
export async function show() {
  const dialog = $("#alert-day") ?? document.body.appendChild(h("dialog", { id: "alert-day", "aria-labelledby": "alert-day-title" }));
  const found = await live.day();
  const table = found && h("table", {}, h("caption", {}, t("day.caption", { count: found.alerts.length, time: f.utc(f.ms(found.as_of.time), true) })),
    h("thead", {}, h("tr", {}, COLUMNS.map((c) => h("th", { scope: "col" }, t(c))))),
    h("tbody", {}, found.alerts.map(row)));
  dialog.replaceChildren(h("h2", { id: "alert-day-title" }, t("day.title")), found ? h("div", { class: "asTable", tabindex: "0" }, table) : h("p", { class: "problem", role: "alert" }, t("offline")),
    h("div", { class: "acts" }, h("button", { type: "button", class: "btn go", autofocus: true, on: { click: () => dialog.close() } }, t("close"))));
  dialog.showModal();
}
