// Needs you and In order. In: the needs that facts.js finds. Out: cards; what they do goes to actions.js.

import * as actions from "./actions.js";
import { $, draw, h, sign } from "./dom.js";
import * as facts from "./facts.js";
import * as f from "./format.js";
import { ringOfPlace } from "./geo.js";
import { now, set, world } from "./state.js";
import { code, current, t, text } from "./words.js";

const CARDS_MAX = 16;
const CONFLICTS_MAX = 10;
const LONG_MAX = 4;
export const CLASS = { fork: "w", conflict: "w", blocked: "w", off_plan: "c", key: "c", skew: "c", review: "c", budget: "c", kept: "c", unlisted: "c" };
export const WORD = { w: "class.warning", c: "class.caution", plain: "class.normal" };
export const SIGN = { w: ["i-dia", "s-diaink"], c: ["i-cir", "s-ring"], plain: ["i-ask", "s-grey"] };

let map = null;
/** The map, once there is one: a card whose conflict lies off it leads there. */
export const useMap = (made) => (map = made);
const offMap = (conflict) => Boolean(map?.get()) && !world.as_table && world.room === "watch" && !map.sees(facts.pointOf(facts.worst(conflict)));
const toMap = (conflict) => offMap(conflict) && btn(`map:${conflict.id}`, ["show_on_map"], () => map.flyTo(conflict.places.map(ringOfPlace)));

const btn = (k, label, act, go = false, key = null) =>
  h("button", { type: "button", class: go ? "btn go" : "btn", "data-k": k, on: { click: act } }, h("span", {}, t(...label)), key && h("kbd", {}, key));
const row = (term, sentence) => [h("dt", {}, t(term)), h("dd", {}, t(...sentence))];

function conflictBody(need) {
  const { conflict } = need;
  const place = facts.worst(conflict);
  const [from, to] = [f.ms(place.start), f.ms(place.end)];
  const first = actions.suggestion(conflict);
  const offer = conflict.proposals.filter((p) => p.state === "open").at(-1);
  const when = f.hasLocal() ? ["when.local", { window: f.span(from, to), local: f.localSpan(from, to) }] : ["when.utc", { window: f.span(from, to) }];
  return [
    h("p", { class: "ti" }, t(...facts.titleSentence(conflict))),
    h("dl", { class: "kv" }, row("where", facts.whereSentence(facts.pointOf(place))), row("when", when), row("how_near", facts.nearSentence(place)),
      offer && row(offer.mine ? "offer.mine" : "offer.theirs", facts.changeSentence(offer.change, conflict))),
    h("div", { class: "count" }, h("b", { class: "n", data: { count: conflict.settle_by } }), h("span", { data: { left: conflict.settle_by } })),
    h("div", { class: "bar2", "aria-hidden": "true" }, h("i", { data: { settle: conflict.id }, vars: { "--p": facts.settlePercent(conflict) } })),
    h("div", { class: "acts" },
      btn(`open:${conflict.id}`, ["open_conflict"], () => actions.openConflict(conflict.id), true, world.letters && "C"),
      first && btn(`first:${conflict.id}`, first.sentence, () => actions.openConflict(conflict.id, first.key)),
      toMap(conflict)),
  ];
}

/** A conflict that waits behind others: whose, by when, and the way in. */
const shortBody = ({ conflict }) => [
  h("p", {}, t(...facts.titleSentence(conflict))),
  h("div", { class: "count" }, h("b", { class: "n", data: { count: conflict.settle_by } }), h("span", { data: { left: conflict.settle_by } })),
  h("div", { class: "acts" }, btn(`open:${conflict.id}`, ["open_conflict"], () => actions.openConflict(conflict.id)), toMap(conflict)),
];

function operationBody(need, sentence, buttons) {
  const { operation } = need;
  const [from, to] = [Math.min(...operation.volumes.map((v) => f.ms(v.start))), Math.max(...operation.volumes.map((v) => f.ms(v.end)))];
  return [
    h("p", {}, t(sentence, { label: code(operation.label), window: f.span(from, to), until: f.utc(need.time), state: text(`state.${operation.state}`),
      parties: operation.missing.map(facts.partyName).join(", "), conflicts: code(operation.blocked_by.map(conflictLabel).join(", ")) })),
    buttons.length > 0 && h("div", { class: "acts" }, buttons),
  ];
}
const conflictLabel = (id) => facts.conflictById(id)?.label ?? id.slice(0, 6);

function askedBody(need) {
  const { asked } = need;
  const place = asked.places[0];
  return [
    h("p", {}, t("asked.text", { party: facts.partyName(asked.operation.party), label: code(asked.operation.label), area: asked.area, start: asked.start ? f.utc(f.ms(asked.start)) : code("—") })),
    asked.shared && h("p", {}, h("q", {}, h("bdi", {}, asked.shared))),
    place && h("dl", { class: "kv" }, row("where", facts.whereSentence(facts.pointOf(place))),
      row("height", ["plain", { value: f.bandLong(place.lower, place.upper) }])),
    h("div", { class: "acts" },
      btn(`concur:${need.key}`, ["concur"], () => actions.concurPlan(asked), true),
      btn(`object:${need.key}`, ["object"], () => actions.write({ kind: "object-plan", asked }))),
    actions.writingHere(need.key) && actions.writingForm(),
  ];
}

function messageBody({ message }) {
  const owed = message.owed.filter((o) => o.open);
  const due = owed.map((o) => o.acknowledge_by).filter(Boolean).sort()[0];
  return [
    h("p", {}, t("need.message_text", { party: facts.partyName(message.sender), precedence: text(`precedence.${message.precedence}`), kind: text(`message.${message.kind}`), time: f.utc(f.ms(message.sent), true) })),
    message.text && h("p", {}, h("q", {}, h("bdi", {}, actions.plain(message.text).slice(0, 240)))),
    due && h("div", { class: "count" }, h("b", { class: "n", data: { count: due } }), h("span", {}, t("message.until_climb"))),
    h("div", { class: "acts" }, btn(`open-message:${message.id}`, ["message.open"], () => actions.openMessage(message), true)),
  ];
}

export const BODY = {
  message: messageBody,
  line: ({ line }) => [
    h("p", {}, t("need.line_text", { party: facts.partyName(line.first), path: text(`path.${line.path}`), until: f.utc(f.ms(line.answer_by), true) })),
    h("div", { class: "acts" }, btn(`answer-line:${line.check}`, ["line.answer"], () => actions.answerCheck(line), true)),
  ],
  conflict: conflictBody,
  asked: askedBody,
  blocked: (need) => operationBody(need, need.operation.missing.length ? "blocked.missing" : "blocked.conflict",
    need.operation.blocked_by.slice(0, 1).map((id) => btn(`unblock:${id}`, ["open_conflict"], () => actions.openConflict(id), true))),
  confirm: (need) => operationBody(need, "confirm.text", [btn(`confirm:${need.id}`, ["confirm"], () => actions.confirm(need.operation), true)]),
  activate: (need) => operationBody(need, "activate.text", [btn(`activate:${need.id}`, ["activate"], () => actions.setState(need.operation, "Activated"), true)]),
  end: (need) => operationBody(need, "end.text", [btn(`end:${need.id}`, ["end"], () => actions.setState(need.operation, "Ended"), true)]),
  off_plan: (need) => operationBody(need, "off_plan.text", []),
  key: (need) => [h("p", {}, t("key.text", { until: f.utc(need.time) }))],
  skew: () => [h("p", {}, t("skew.text", { skew: f.seconds(world.offset_ms) }))],
  review: (need) => [h("p", {}, t("review.text", { label: need.place.label, until: f.date(need.time) }))],
  budget: (need) => [h("p", {}, t("budget.text", { share: code(`${need.share} %`) }))],
  unlisted: (need) => [h("p", {}, t("unlisted.text", { count: need.count }))],
  fork: () => [h("p", {}, t("fork.text"))],
  kept: () => [h("p", {}, t("kept.text", { count: world.outbox.length }))],
  sign_head: (need) => [
    h("p", {}, t("sign_head.text", { number: need.told.number, signed: need.told.signed })),
    h("div", { class: "acts" }, btn("sign-head", ["sign_head"], () => actions.signHead(need.told), true)),
  ],
};

const cardClass = (need) => need.cls ?? (need.kind === "message" ? (["flash", "immediate"].includes(need.message.precedence) ? "w" : "plain") : need.kind === "conflict" && !facts.pressing(need.conflict) ? "plain" : (CLASS[need.kind] ?? "plain"));

function card(need, place) {
  const cls = cardClass(need);
  const side = need.kind === "conflict" ? code(need.conflict.label) : need.operation ? code(need.operation.label) : null;
  const chosen = need.kind === "conflict" && need.id === world.conflict;
  return h("article", { class: `card ${cls}${chosen ? " chosen" : ""}${fresh(need.key) ? " fresh" : ""}`, tabindex: "-1", "data-k": need.key, data: { need: need.key } },
    h("div", { class: "hd" }, sign(...SIGN[cls]), h("span", {}, t("card.head", { class: text(WORD[cls]), what: text(`need.${need.kind}`) })), side && h("span", { class: "age" }, t("plain", { value: side }))),
    h("div", { class: "bd" }, need.kind === "conflict" && place >= LONG_MAX ? shortBody(need) : BODY[need.kind](need)));
}

const seen = new Set();
function fresh(key) {
  if (seen.has(key)) return false;
  seen.add(key);
  return true;
}

function nothing() {
  if (!world.view) return [h("p", { class: "nothing" }, t(world.link === "lost" ? "needs.no_picture" : "loading"))];
  return [h("p", { class: "nothing" }, h("b", {}, t("nothing")), ...noKnownConflict())];
}

/** "No known conflict", what was checked, and as of which position. Never more than that. */
export function noKnownConflict() {
  if (facts.conflicts().some(facts.open) || !world.view) return [];
  const minimum = world.theatre?.charter.minima?.[0];
  const { position, time } = world.view.as_of;
  const values = { position, across: minimum ? f.minimumAcross(minimum.horizontal_m) : code("—"), height: minimum ? f.minimumHeight(minimum.vertical_m) : code("—") };
  return [h("span", {}, t("no_known_conflict", { time: f.utc(f.ms(time), true) })), h("br"), h("span", {}, t("checked", values))];
}

function calm() {
  const { plans, settled } = facts.inOrder();
  const rows = [
    ...plans.slice(0, 6).map((o) => h("li", {}, h("span", {}, t("order.plan", { label: code(o.label), activity: facts.activity(o) })), h("span", {}, t(`state.${o.state}`)))),
    ...settled.slice(0, 3).map((c) => h("li", {}, h("span", {}, t("order.conflict", { label: code(c.label) })), h("span", {}, t(`settled.${c.state}`)))),
  ];
  const parts = [plans.length && t("order.plans", { count: plans.length }), settled.length && t("order.settled", { count: settled.length })].filter(Boolean);
  const sum = parts.length ? parts.flatMap((part, i) => (i ? [...t("comma"), ...part] : part)) : t("order.none");
  return [
    h("div", { class: "hd" }, h("b", {}, t("in_order")), h("span", {}, sum)),
    rows.length ? h("div", { class: "bd" }, h("ul", { class: "rows" }, rows), plans.length > 0 && h("p", { class: "muted" }, noKnownConflict())) : null,
  ];
}

export function render() {
  const list = facts.needs();
  const base = [current(), world.letters, world.view?.as_of.position, world.conflict, world.link === "lost", JSON.stringify(world.writing), world.outbox.length, world.room, world.land !== null];
  const options = [...world.options].map(([id, o]) => `${id}:${o?.length}`).join();
  const off_map = list.filter((n) => n.kind === "conflict" && offMap(n.conflict)).map((n) => n.id);
  const half_minute = Math.floor(now() / 30000);
  draw($("#cards"), JSON.stringify([base, options, half_minute, off_map, list.map((n) => [n.key, n.stamp])]), () => {
    if (!list.length) return nothing();
    let conflicts = 0;
    const told = list.filter((n) => n.kind !== "conflict" || ++conflicts <= CONFLICTS_MAX).slice(0, CARDS_MAX);
    const cards = told.map(card);
    if (list.length > told.length) cards.push(h("p", { class: "nothing" }, t("needs.more", { count: list.length - told.length })));
    return cards;
  });
  draw($("#calm"), JSON.stringify([base, "calm"]), calm);
  $("#load").replaceChildren(...(world.view ? t("load", { count: facts.lastHour() }) : []));
  const count = facts.conflicts().filter(facts.pressing).length;
  const badge = $("#open-count");
  badge.hidden = !count;
  badge.textContent = String(count);
  badge.title = text("open_count", { count });
  beat();
}

/** Countdowns and bars; once a second, without building anything anew. */
export function beat() {
  for (const element of document.querySelectorAll("[data-count]")) {
    const left = f.ms(element.dataset.count) - now();
    element.textContent = f.countdown(Math.abs(left));
  }
  for (const element of document.querySelectorAll("[data-left]")) {
    const by = f.ms(element.dataset.left);
    const words_of = element.dataset.key === "room" ? (by > now() ? "left.room" : "late.room") : by > now() ? "left.card" : "late.card";
    element.replaceChildren(...t(words_of, { until: f.utc(by), local: f.localTime(by) }));
  }
  for (const element of document.querySelectorAll("[data-settle]")) {
    const conflict = facts.conflictById(element.dataset.settle);
    if (conflict) element.style.setProperty("--p", facts.settlePercent(conflict));
  }
}

/** J and K: the next or previous card. */
export function step(by) {
  const cards = [...document.querySelectorAll("#cards .card")];
  if (!cards.length) return;
  const held = cards.findIndex((c) => c.contains(document.activeElement));
  const next = cards[Math.min(cards.length - 1, Math.max(0, held < 0 ? (by > 0 ? 0 : cards.length - 1) : held + by))];
  next.focus();
  set({ need: next.dataset.need });
}
