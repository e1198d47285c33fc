// The map as a table (key T): everything that is drawn, for readers, for small screens, and where WebGL is missing.

import * as actions from "./actions.js";
import * as aircraft from "./aircraft.js";
import { $, draw, h } from "./dom.js";
import * as facts from "./facts.js";
import * as f from "./format.js";
import { centre } from "./geo.js";
import * as map from "./map.js";
import { now, set, shown, world } from "./state.js";
import * as tracks from "./tracks.js";
import { code, current, t, text } from "./words.js";

const ROWS = 25;
let page = 0;

function row(item) {
  const volume = facts.volumeAt(item, shown());
  const conflicts = facts.conflicts().filter((c) => facts.open(c) && (c.mine.id === item.id || c.other.id === item.id));
  const state = item.what === "operation" ? text(`state.${item.item.state}`) : facts.kindName(item.item);
  return h("tr", { class: item.mine ? "mine" : "" },
    h("td", {}, t("plain", { value: code(item.label) })),
    h("td", {}, h("bdi", {}, facts.partyName(item.party))),
    h("td", {}, item.what === "operation" ? facts.activity(item.item) : text(`what.${item.what}`), aircraft.cell(item)),
    h("td", {}, state, item.to < now() ? [" · ", t("over")] : ""),
    h("td", {}, t("plain", { value: f.span(item.from, item.to) })),
    h("td", {}, t("plain", { value: f.band(volume.lower, volume.upper) }), h("br"), h("span", { class: "muted" }, t("plain", { value: f.bandFeet(volume.lower, volume.upper) }))),
    h("td", {}, t(...facts.whereSentence(centre(volume.ring)))),
    h("td", {}, conflicts.map((c) => h("button", { type: "button", class: "btn", "data-k": `table:${c.id}:${item.id}`, on: { click: () => actions.openConflict(c.id) } }, c.label))));
}

const COLUMNS = ["col.label", "col.party", "col.what", "col.state", "col.window", "col.altitude", "col.where", "col.conflict"];

function build(list) {
  const pages = Math.max(1, Math.ceil(list.length / ROWS));
  page = Math.min(page, pages - 1);
  const turn = (by) => () => ((page += by), set({}));
  const button = (k, label, by, off) => !off && h("button", { type: "button", class: "btn", "data-k": k, on: { click: turn(by) } }, t(label));
  return [
    map.broken() && h("p", { class: "problem" }, t("no_webgl")),
    h("div", { id: "track-rows" }),
    h("table", {}, h("caption", {}, t("table.caption", { count: list.length, time: f.utc(shown()) })),
      h("thead", {}, h("tr", {}, COLUMNS.map((c) => h("th", { scope: "col" }, t(c))))),
      h("tbody", {}, list.slice(page * ROWS, (page + 1) * ROWS).map(row))),
    !list.length && h("p", { class: "muted" }, t("lanes.empty")),
    pages > 1 && h("div", { class: "more" }, button("table-prev", "previous", -1, page === 0), h("span", {}, t("page", { page: page + 1, pages })), button("table-next", "next", 1, page === pages - 1)),
  ];
}

export function render() {
  const box = $("#as-table");
  const shownAsTable = world.as_table || (map.broken() && world.gl_tried);
  box.hidden = !shownAsTable;
  $("#mapbox").classList.toggle("tabled", shownAsTable);
  for (const id of ["#zoom", "#key"]) $(id).hidden = shownAsTable;
  const button = $("#table-button");
  button.hidden = map.broken() && Boolean(world.gl_tried);
  button.setAttribute("aria-pressed", String(world.as_table));
  button.replaceChildren(...t(world.as_table ? "as_map" : "as_table"));
  if (!shownAsTable) return;
  const t0 = shown();
  const list = facts.relevant(t0, t0 - 12 * 3600e3, t0 + 72 * 3600e3).concat(facts.things().filter((item) => item.what === "protected"));
  draw(box, JSON.stringify([current(), world.view?.as_of.position, Math.floor(t0 / 60000), page, world.look_ms, world.link]), () => build(list));
  draw($("#track-rows"), JSON.stringify([current(), tracks.stamp()]), tracks.table);
}
