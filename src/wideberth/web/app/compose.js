// Writing a notice or a question, or its next version. In: drafts, one's own plans, a circle that is typed. Out: one signed command.
// What contradicts its geometry is refused by the node, with the contradiction; the page says it and keeps the words.

import * as actions from "./actions.js";
import { h, s } from "./dom.js";
import * as f from "./format.js";
import { bounds, ringOf } from "./geo.js";
import { changed, now, set, world } from "./state.js";
import { t, text } from "./words.js";

const draft = (k) => world.drafts.get(`compose:${k}`) ?? "";
const keep = (k, value) => world.drafts.set(`compose:${k}`, value);
const KEPT = ["text", "to", "plan", "geometry", "drill", "precedence", "lat", "lon", "radius", "lower", "upper", "from", "until"];
const FIGURES = ["lat", "lon", "radius", "lower", "upper"];
const PRECEDENCES = ["priority", "flash", "immediate", "routine"];
const refuse = (key, focus) => set({ saying: { kind: "refused", sentence: [key] }, focus });

export function write(kind) {
  keep("kind", kind);
  keep("replaces", "");
  set({ message: null, doing: "compose", saying: null, focus: "compose:text" });
}

/** The next version: its words and receivers to begin with, its geometry given anew. */
export function writeAgain(message) {
  for (const [k, value] of [["kind", message.kind], ["replaces", `${message.id} ${message.version}`], ["to", message.receivers.map((r) => r.party).join()], ["text", message.text ?? ""], ["precedence", message.precedence], ["drill", message.drill ? "on" : ""], ["plan", message.operation ?? ""], ["geometry", message.operation ? "plan" : ""]]) keep(k, value);
  set({ doing: "compose", saying: null, focus: "compose:text" });
}

/** The typed circle in degrees, metres, ms; null where a figure is missing or impossible. Times are UTC. */
function circle() {
  const [lat, lon, radius_m, lower_m, upper_m] = FIGURES.map((k) => (draft(k).trim() === "" ? NaN : Number(draft(k).replace(",", "."))));
  const time = (k) => Date.parse(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(draft(k)) ? `${draft(k)}Z` : "");
  const [from, to] = [time("from"), time("until")];
  const sound = Math.abs(lat) <= 90 && Math.abs(lon) <= 180 && radius_m > 0 && upper_m >= lower_m && to > from;
  return sound ? { lat, lon, radius_m, lower_m, upper_m, from, to } : null;
}

function go(to, sent) {
  const shape = draft("geometry") === "circle" ? circle() : null;
  const operation = draft("geometry") === "plan" ? draft("plan") : "";
  const [id, version] = draft("replaces").split(" ");
  const words = draft("text").trim();
  if (!to.size) return refuse("compose.nobody");
  if (draft("geometry") === "circle" && !shape) return refuse("compose.figures", "compose:lat");
  if (draft("geometry") === "plan" && !operation) return refuse("compose.no_plan_chosen", "compose:plan");
  if (!words && !operation && !shape) return refuse("compose.empty", "compose:text");
  const message = { kind: draft("kind") || "notice", precedence: draft("precedence") || "priority", to: [...to], text: words, operation, circle: shape, drill: draft("drill") === "on", replaces: id ? { id, version: Number(version) } : null };
  return sent(actions.sendMessage(message).then((done) => done && (KEPT.forEach((k) => world.drafts.delete(`compose:${k}`)), true)), "compose:text");
}

function select(k, choices, redraw = false) {
  const pick = (event) => (keep(k, event.target.value), redraw && changed());
  return h("select", { class: "field", "data-k": `compose:${k}`, on: { change: pick } }, choices.map(([value, label]) => h("option", { value, selected: value === (draft(k) || choices[0][0]) }, label)));
}

const figure = (k, type = "text") => h("label", {}, h("span", {}, t(`compose.${k}`)), h("input", { class: "field n", type, "data-k": `compose:${k}`, inputmode: type === "text" ? "decimal" : undefined, autocomplete: "off", value: draft(k), on: { input: (event) => keep(k, event.target.value), change: changed } }));

/** Its shape beside one's own plans, so that a slip of a degree is seen. */
function preview(shape) {
  const ring = ringOf({ type: "Circle", center: [shape.lon, shape.lat], radius_m: shape.radius_m });
  const [south, north, west, east] = world.theatre.charter.bounds;
  const { box } = bounds([ring, [[west, south], [east, north]]]);
  const [x, y] = [(lon) => (560 * (lon - box[0])) / (box[2] - box[0]), (lat) => 200 - (200 * (lat - box[1])) / (box[3] - box[1])];
  const path = (points) => `M${points.map(([lon, lat]) => `${x(lon).toFixed(1)} ${y(lat).toFixed(1)}`).join("L")}Z`;
  const own = world.view.operations.filter((o) => o.mine).flatMap((o) => o.volumes.map((v) => s("path", { d: path(ringOf(v.outline)), class: "vol own planned" })));
  return s("svg", { class: "mini", viewBox: "0 0 560 200", role: "img", "aria-label": text("compose.preview") }, s("rect", { x: x(west), y: y(north), width: x(east) - x(west), height: y(south) - y(north), class: "m-land" }), own, s("path", { d: path(ring), class: "vol own hatched" }));
}

function geometry() {
  const plans = (world.view?.operations ?? []).filter((o) => o.mine && o.state !== "Ended");
  const kind = draft("geometry");
  if (!draft("from")) for (const [k, hours] of [["from", 1], ["until", 2]]) keep(k, new Date(now() + hours * 3600e3).toISOString().slice(0, 16));
  const shape = kind === "circle" ? circle() : null;
  return [
    h("label", {}, h("span", {}, t("compose.geometry")), select("geometry", ["", "plan", "circle"].map((v) => [v, text(v ? `geometry.${v}` : "compose.no_plan")]), true)),
    kind === "plan" && h("label", {}, h("span", {}, t("compose.plan")), select("plan", [["", text("compose.no_plan")], ...plans.map((o) => [o.id, o.label])])),
    kind === "circle" && h("div", { class: "echo" }, FIGURES.map((k) => figure(k)), figure("from", "datetime-local"), figure("until", "datetime-local")),
    shape && world.theatre && preview(shape),
    shape && h("p", { class: "muted" }, t("plain", { value: f.span(shape.from, shape.to) })),
  ];
}

/** The form; `field` draws a text field, `sent` closes it once it is sent. */
export function composer(field, sent) {
  const others = (world.theatre?.parties ?? []).filter((p) => !p.mine && p.role === "member");
  const to = new Set(draft("to").split(",").filter(Boolean));
  const choose = (party) => (to.has(party) ? to.delete(party) : to.add(party), keep("to", [...to].join()), changed());
  return [
    h("h1", { tabindex: "-1" }, t(draft("replaces") ? "new.version" : `new.${draft("kind") || "notice"}`)),
    h("p", { class: "muted" }, t("compose.what")),
    h("fieldset", {}, h("legend", {}, t("compose.to")), others.map((p) => h("label", { class: "check" }, h("input", { type: "checkbox", "data-k": `to:${p.party}`, checked: to.has(p.party), on: { change: () => choose(p.party) } }), h("bdi", {}, p.name)))),
    h("label", {}, h("span", {}, t("compose.precedence")), select("precedence", PRECEDENCES.map((p) => [p, text(`precedence.${p}`)]))),
    geometry(),
    field("compose:text", ["compose.text"], 4),
    h("label", { class: "check" }, h("input", { type: "checkbox", "data-k": "compose:drill", checked: draft("drill") === "on", on: { change: (event) => keep("drill", event.target.checked ? "on" : "") } }), h("span", {}, t("drill"))),
    h("div", { class: "acts" }, h("button", { type: "button", class: "btn go", "data-k": "compose:send", on: { click: () => go(to, sent) } }, t("compose.send")), h("button", { type: "button", class: "btn", "data-k": "compose:cancel", on: { click: () => set({ doing: null }) } }, t("cancel"))),
  ];
}
