// Cards of the live watch in Needs you: alerts and feeds. In: live.js. Out: cards, a soft sound, signed acknowledgements.
// Figures that run are set in place once a second, so that no button is ever built anew under a finger.

import * as actions from "./actions.js";
import { $, $$, h, s } from "./dom.js";
import * as facts from "./facts.js";
import * as f from "./format.js";
import { inverse, ringOf } from "./geo.js";
import * as hotline from "./hotline.js";
import * as live from "./live.js";
import * as map from "./map.js";
import { uuidBytes } from "./msgpack.js";
import * as needs from "./needs.js";
import * as sound from "./sound.js";
import { changed, set, world } from "./state.js";
import { code, has, number, t, text } from "./words.js";

const KNOT_M_S = 0.514444;
const EVERY_MS = 5000;
const WAY_MS = 15000;
const PULSES = 3;
const SHOWN_M = 2500;
const RANK = { happened: -0.6, warned: -0.5, lost: -0.4, acknowledged: 3, predicted: 4, over: 3.5 };
const CLS = { happened: "a", warned: "a", acknowledged: "k", predicted: "q", lost: "k", over: "o" };
const ZONE = /^(?:([^/]*)\/([0-9a-f]{32})|\/(\d+)\/.*)$/;

const silenced = new Map();
const told = new Set();
let rang = 0;

/** over | lost (out of sight while it was open) | predicted | warned | acknowledged (by this party) | happened */
function stage({ view, over, lost }) {
  if (over) return lost ? "lost" : "over";
  return view.acknowledged_us && view.state === "warned" ? "acknowledged" : view.state;
}
/** Signed for and on its way, until the node says so itself. */
const taken = new Map();
const onItsWay = ({ id }) => taken.has(id) && (world.outbox.length > 0 || performance.now() - taken.get(id) < WAY_MS);
const pressing = (alert) => ["warned", "happened"].includes(stage(alert)) && !alert.view.acknowledged_us && !onItsWay(alert);

// words

const hexOf = (id) => id.replaceAll("-", "");
/** A zone by its name, as far as the view shows it. */
function zoneName(id, kind) {
  if (!id) return text("zone.hidden");
  const [, party, thing, area] = ZONE.exec(id) ?? [];
  if (area !== undefined) return world.theatre?.charter.areas?.[Number(area)]?.name ?? text("zone.line");
  const found = facts.things().find((item) => hexOf(item.id) === thing);
  const what = has(`zone.${kind}`) ? text(`zone.${kind}`) : text("zone.hidden");
  if (party === facts.me()) return found?.label ?? what;
  return text("zone.of", { what: found?.label ?? what, party: facts.partyName(party) });
}
const sideName = (name) => name || text("alert.aircraft");

/** Who comes too near what. */
export function title(alert) {
  const { view } = alert;
  const now = stage(alert) === "happened";
  if (view.kind === "pair") return [now ? "alert.pair_now" : "alert.pair", { own: sideName(view.own), other: sideName(view.other) }];
  if (ZONE.test(view.own)) return [now ? "alert.onto_now" : "alert.onto", { other: sideName(view.other), what: zoneName(view.own, view.kind) }];
  return [now ? "alert.zone_now" : "alert.zone", { own: sideName(view.own), what: zoneName(view.other, view.kind) }];
}

const hidden = ({ view }) => view.kind !== "pair" && !view.other && !ZONE.test(view.own);
function soon(alert, seconds) {
  if (seconds === null) return ["alert.unknown"];
  if (hidden(alert) && seconds < 60) return ["alert.minute"];
  if (hidden(alert)) return ["alert.minutes", { minutes: f.minutes(seconds * 1000) }];
  const left = live.left(alert, seconds);
  return left > 0 ? ["alert.in", { left: code(f.countdown(left * 1000)) }] : ["alert.now"];
}
function apart({ view }) {
  const { horizontal_m: across = 5556, vertical_m: height = 304.8 } = world.theatre?.charter.minima?.[0] ?? {};
  const high = view.vertical_m === null ? text("alert.no_height") : text("alert.height", { height: f.gapHeight(Math.abs(view.vertical_m), height) });
  return ["alert.apart", { across: f.gapAcross(view.horizontal_m, across), height: high }];
}
const speed = (m_s) => code(`${number(Math.round(m_s / KNOT_M_S))} kt (${number(Math.round(m_s))} m/s)`);
const closing = (m_s) => (m_s >= 0 ? ["alert.closing", { speed: speed(m_s) }] : ["alert.opening", { speed: speed(-m_s) }]);
export const levelOf = (place) => (place.baro_ft !== null ? ["level.baro", { feet: code(number(place.baro_ft)) }] : place.hae_m !== null ? ["level.hae", { metres: f.metres(place.hae_m) }] : ["level.none"]);
export const goingOf = (place) => (place.speed_m_s === null ? ["going.none"] : ["going", { speed: speed(place.speed_m_s), course: f.bearing(place.track_deg ?? 0) }]);

/** Where the other is: from one's own track where there is one, else from a landmark. */
function whereOther({ view, at }) {
  const [a, b] = [view.mine, view.theirs].map((p) => p && [p.lon_deg, p.lat_deg]);
  const found = a && inverse(a, b);
  const where = found ? ["alert.from_own", { distance: f.gapAcross(found.distance_m, 5556), bearing: f.bearing(found.bearing_deg) }] : facts.whereSentence(b);
  return ["alert.other", { where: text(...where), level: text(...levelOf(view.theirs)), age: f.lasting(live.ageOf(view.theirs, at) * 1000) }];
}

/** What a running figure says now. */
const FIGURES = {
  entry: (alert) => soon(alert, alert.view.entry_s),
  nearest: (alert) => soon(alert, alert.view.cpa_s),
  apart,
  closing: (alert) => closing(alert.view.closure_m_s),
  other: whereOther,
};
const figure = (alert, what) => h("span", { data: { figure: what, alert: alert.id } }, t(...FIGURES[what](alert)));
const row = (term, ...children) => [h("dt", {}, t(term)), h("dd", {}, ...children)];

function figures(alert) {
  const { view } = alert;
  const out = [view.entry_s !== null && row("alert.when", figure(alert, "entry"))];
  if (view.kind === "pair" && view.horizontal_m !== null) out.push(row("alert.nearest", figure(alert, "nearest"), t("comma"), figure(alert, "apart")));
  if (view.closure_m_s !== null) out.push(row("alert.closes", figure(alert, "closing")));
  if (view.theirs) out.push(row("alert.where_other", figure(alert, "other")));
  return out;
}

// what one does

async function acknowledge(alerts) {
  for (const alert of alerts) {
    const done = await actions.send({ command: ["acknowledge_alert", uuidBytes(alert.id)], texts: [] }, "did.acknowledge");
    if (!done) return;
    taken.set(alert.id, performance.now());
    changed();
  }
  live.refresh();
}
const hush = (alerts) => (alerts.forEach((alert) => silenced.set(alert.id, performance.now() + sound.SILENCE_MS)), changed());
function show({ view }) {
  set({ room: "watch", as_table: false });
  map.flyTo([view.mine, view.theirs].filter(Boolean).map((p) => ringOf({ type: "Circle", center: [p.lon_deg, p.lat_deg], radius_m: SHOWN_M })));
}
const offMap = ({ view, over }) => Boolean(map.get()) && !over && (world.room !== "watch" || [view.mine, view.theirs].some((p) => p && !map.sees([p.lon_deg, p.lat_deg])));
const btn = (k, label, act, go) => h("button", { type: "button", class: go ? "btn go" : "btn", "data-k": k, on: { click: act } }, t(...label));
const silent = (alert) => (silenced.get(alert.id) ?? 0) > performance.now();

const alsoLine = (alert) => h("li", {}, t(...title(alert)), alert.view.entry_s !== null && [t("comma"), figure(alert, "entry")]);
function body({ alert, also }) {
  const { view } = alert;
  const grave = [alert, ...also].some((one) => !["predicted", "lost", "over"].includes(stage(one)));
  const asks = [alert, ...also].filter(pressing);
  const doubts = view.doubt.split(", ").filter((flag) => has(`doubt.${flag}`));
  const buttons = [
    asks.length > 0 && btn(`ack-alert:${alert.id}`, asks.length > 1 ? ["alert.acknowledge_all", { count: asks.length }] : ["alert.acknowledge"], () => acknowledge(asks), true),
    asks.some((one) => !silent(one)) && btn(`hush-alert:${alert.id}`, ["stop.silence"], () => hush(asks)),
    offMap(alert) && btn(`show-alert:${alert.id}`, ["show_on_map"], () => show(alert)),
    alert.over > 0 && btn(`away-alert:${alert.id}`, ["stop.put_away"], () => live.putAway(alert.id)),
  ].filter(Boolean);
  return [
    h("p", { class: grave ? "ti" : "" }, t(...title(alert))),
    alert.over ? h("p", {}, t(alert.lost ? "alert.lost" : "alert.over", { time: f.utc(alert.over, true) })) : h("dl", { class: "kv" }, figures(alert)),
    also.length > 0 && h("ul", { class: "also" }, also.map(alsoLine)),
    h("p", { class: "asof", data: { asof: "" } }),
    doubts.length > 0 && h("p", { class: "doubt" }, t("alert.doubt"), t("space"), doubts.map((flag, i) => [i ? t("comma") : [], t(`doubt.${flag}`)]), t("stop")),
    view.acknowledged_us > 0 && h("p", { class: "muted" }, t("alert.acknowledged", { time: f.utc(view.acknowledged_us / 1000, true) })),
    buttons.length > 0 && h("div", { class: "acts" }, buttons),
  ];
}

function feedsBody() {
  return [
    h("ul", { class: "feeds" }, live.troubled().map((feed) => h("li", {}, t(feed.state === "DOWN" ? "feed.down" : "feed.degraded", { name: feed.name })))),
    live.state() === "stands" && h("p", {}, h("b", {}, t("feeds.stands", { time: live.last() }))),
    h("p", {}, t("feeds.text")),
  ];
}

const unsureBody = () => [h("p", {}, t("unsure.text", { names: code(live.unsure().join(", ")) }))];

/** One meeting is one card: plans that either of a pair flies into stand with the pair, and one press takes up all. */
function meetings() {
  const open = live.all().filter((alert) => !alert.over);
  const pairs = open.filter(({ view }) => view.kind === "pair");
  const meets = ({ view }, pair) => (ZONE.test(view.own) ? view.other && view.other === pair.view.other : view.own === pair.view.own);
  const pairOf = new Map(open.filter(({ view }) => ["operation", "hidden"].includes(view.kind)).map((zone) => [zone, pairs.find((pair) => meets(zone, pair))]));
  return live.all().filter((alert) => !pairOf.get(alert)).map((alert) => ({ alert, also: open.filter((zone) => pairOf.get(zone) === alert) }));
}
const quieter = (alert) => alert.view.acknowledged_us && stage(alert) === "happened";
const rankOf = (alert) => (quieter(alert) ? 0.5 : RANK[stage(alert)]);
const stampOf = (alert) => [alert.id, stage(alert), alert.view.acknowledged_us, alert.view.doubt, pressing(alert) && silent(alert), pressing(alert), offMap(alert),
  [alert.view.entry_s, alert.view.horizontal_m, alert.view.closure_m_s, alert.view.theirs, alert.view.mine].map((v) => v !== null)];

function found() {
  const out = meetings().map(({ alert, also }) => {
    const all = [alert, ...also];
    const gravest = all.reduce((a, b) => (rankOf(b) < rankOf(a) ? b : a));
    return {
      kind: "alert", key: `alert:${alert.id}`, id: alert.id, alert, also, cls: quieter(gravest) ? "k" : CLS[stage(gravest)], rank: rankOf(gravest),
      time: alert.view.opened_us / 1000, stamp: all.map(stampOf),
    };
  });
  const bad = live.troubled();
  const stands = live.state() === "stands";
  if (bad.length || stands) out.push({ kind: "feeds", key: "feeds:all", id: "all", cls: stands || bad.some((feed) => feed.state === "DOWN") ? "w" : "c", rank: -0.3, time: 0, stamp: [stands, bad.map((feed) => [feed.name, feed.state])] });
  if (live.unsure().length) out.push({ kind: "unsure", key: "unsure:all", id: "all", cls: "c", rank: 0.6, time: 0, stamp: live.unsure() });
  return out;
}

// sound and voice

/** What is newly pressing is said aloud once; it sounds until somebody takes it up. */
export function news() {
  for (const alert of live.all().filter(pressing)) {
    const key = `${alert.id} ${stage(alert)}`;
    if (told.has(key)) continue;
    told.add(key);
    silenced.delete(alert.id);
    rang = 0;
    if (!hotline.alarms().length) $("#shout").textContent = text("alert.aloud", { what: text(...title(alert)) });
  }
  ring();
}
export const sounding = () => live.all().some((alert) => pressing(alert) && !silent(alert)) && !hotline.sounding();
function ring() {
  if (!sounding() || performance.now() - rang < EVERY_MS) return;
  rang = performance.now();
  sound.pulse(PULSES);
}

/** Once a second: figures that run, and the sound. */
export function beat() {
  const known = new Map(live.all().map((alert) => [alert.id, alert]));
  for (const element of $$("#cards [data-figure]")) {
    const alert = known.get(element.dataset.alert);
    const has_it = alert && { entry: true, nearest: true, apart: alert.view.horizontal_m !== null, closing: alert.view.closure_m_s !== null, other: alert.view.theirs !== null }[element.dataset.figure];
    if (has_it) element.replaceChildren(...t(...FIGURES[element.dataset.figure](alert)));
  }
  const as_of = live.asOf();
  for (const element of $$("#cards [data-asof]")) element.replaceChildren(...(as_of ? t("alert.as_of", { time: as_of }) : []));
  ring();
}

export function begin() {
  $("svg.defs defs").append(s("symbol", { id: "i-tri", viewBox: "0 0 24 24" }, s("path", { d: "M12 1.5 23 21.5H1z" })));
  Object.assign(needs.SIGN, { a: ["i-tri", "s-tri"], k: ["i-tri", "s-triline"], q: ["i-tri", "s-grey"], o: ["i-tri", "s-grey"] });
  Object.assign(needs.WORD, { a: "class.alarm", k: "class.alarm", q: "class.predicted", o: "class.over" });
  Object.assign(needs.BODY, { alert: body, feeds: feedsBody, unsure: unsureBody });
  facts.also.push(found);
}
