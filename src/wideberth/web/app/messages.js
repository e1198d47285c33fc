// The Messages room: what is open between the watches, how far each has come, lines, and who is on watch.
// In: hotline.js. Out: panes whose buttons sign and send. A message tells, asks or stops; nothing in it is a request for leave.

import * as actions from "./actions.js";
import { composer, write, writeAgain } from "./compose.js";
import { $, draw, h, sheet, sign } from "./dom.js";
import * as echo from "./echo.js";
import * as facts from "./facts.js";
import * as f from "./format.js";
import { centre, ringOf } from "./geo.js";
import * as hotline from "./hotline.js";
import { fromBase64, toBase64 } from "./msgpack.js";
import { beat } from "./needs.js";
import { changed, set, world } from "./state.js";
import { code, current, t, text } from "./words.js";

await sheet("messages");

const REACHES = ["sent", "received", "read-back", "effective"];
const PLACES = 4;
const pane = (title, ...inner) => h("section", { class: "pane" }, h("h2", {}, t(...title)), h("div", { class: "in" }, inner));
const btn = (k, label, act, cls = "") => h("button", { type: "button", class: `btn ${cls}`, "data-k": k, on: { click: act } }, t(...label));
const cellName = (cell) => (cell ? code(cell) : text("the_watch"));
const draft = (k) => world.drafts.get(k) ?? "";
const keep = (k) => ({ input: (event) => world.drafts.set(k, event.target.value) });
const field = (k, label, rows = 2) => h("label", { class: "wide" }, h("span", {}, t(...label)), h("textarea", { class: "field", rows: String(rows), maxlength: "8000", "data-k": k, value: draft(k), on: keep(k) }));
const doing = (k) => world.doing === k;
const start = (k, focus = `${k}:words`) => set({ doing: doing(k) ? null : k, focus });

async function sent(promise, k) {
  const was = world.doing;
  if (!(await promise)) return;
  world.drafts.delete(k);
  if (world.doing === was) set({ doing: null });
}

// the list

function flags(message) {
  const shown = [message.exercise ? "exercise" : "real", message.drill && "drill", message.late && "late", message.off_watch && "off_watch", hotline.doubted(message) && "doubted"].filter(Boolean);
  return shown.map((flag) => h("span", { class: `tag ${flag}` }, t(`flag.${flag}`)));
}
const who = (message) => (message.mine ? ["message.to", { parties: message.receivers.map((r) => facts.partyName(r.party)).join(", ") }] : ["message.from", { party: facts.partyName(message.sender) }]);

function row(message) {
  const key = hotline.keyOf(message.sender, message.id);
  const owed = hotline.owedOpen(message).length > 0;
  const due = hotline.climbs(message);
  return h("li", {}, h("button", { type: "button", class: `msg ${message.precedence}${owed ? " owed" : ""}`, "data-k": `msg:${key}`, "aria-current": String(key === world.message), on: { click: () => actions.openMessage(message) } },
    h("span", { class: "hd" }, owed && sign(hotline.urgent(message) ? "i-dia" : "i-ask", hotline.urgent(message) ? "s-dia" : "s-grey"), h("b", {}, t(`precedence.${message.precedence}`)), h("span", {}, t(`message.${message.kind}`)), flags(message)),
    h("span", {}, t(...who(message)), t("space"), t("message.sent", { time: f.utc(f.ms(message.sent), true), version: message.version })),
    message.text && h("span", { class: "words" }, h("bdi", {}, actions.plain(message.text).slice(0, 160))),
    due && h("span", {}, t("message.climbs"), t("space"), h("b", { class: "n", data: { count: due } }))));
}

function list() {
  const mine = hotline.toDo();
  const others = hotline.messages().filter((m) => !mine.includes(m));
  return [
    h("div", { class: "acts" }, btn("new:notice", ["new.notice"], () => write("notice"), "go"), btn("new:query", ["new.query"], () => write("query"))),
    h("h2", {}, t("messages.owed", { count: mine.length })),
    mine.length ? h("ul", { class: "msgs" }, mine.map(row)) : h("p", { class: "nothing" }, t("messages.none_owed")),
    others.length > 0 && [h("h2", {}, t("messages.others")), h("ul", { class: "msgs" }, others.map(row))],
  ];
}

// one message

function steps(reach, effective) {
  const at = effective ? 3 : REACHES.indexOf(reach);
  if (at < 0) return h("span", { class: "tag rejected" }, t("reach.rejected"));
  return h("ol", { class: "steps" }, REACHES.map((name, i) => h("li", { class: i <= at ? "done" : "", "aria-current": i === at ? "step" : undefined }, t(`reach.${name}`))));
}

function receivers(message) {
  if (message.mine) {
    return pane(["pane.reach"], h("ul", { class: "reach" }, message.receivers.map((r) => h("li", {}, h("b", {}, h("bdi", {}, facts.partyName(r.party))), steps(r.reach, Boolean(message.effective) && r.reach === message.needs),
      r.rung > 0 && h("span", { class: "tag late" }, t("rung.party"))))),
      h("p", { class: "muted" }, t(message.effective ? "message.effective" : "message.not_effective", { time: message.effective ? f.utc(f.ms(message.effective), true) : code("—") })));
  }
  return pane(["pane.owed"], h("ul", { class: "reach" }, message.owed.map((o) => h("li", {}, h("b", {}, t("plain", { value: cellName(o.cell) })), steps(o.reach, false),
    o.acknowledge_by && h("span", {}, t("message.climbs"), t("space"), h("b", { class: "n", data: { count: o.acknowledge_by } })),
    o.rung > 0 && h("span", { class: "tag late" }, t(o.asked ? "rung.above" : "rung.all", { cell: cellName(o.asked) }))))));
}

/** The time by which to be clear of it: when its first window begins. */
const clearBy = (message) => (message.volumes.length ? f.utc(Math.min(...message.volumes.map((v) => f.ms(v.start)))) : code("—"));

function geometry(message) {
  if (!message.volumes.length) return null;
  const rows = message.volumes.slice(0, PLACES).map((v) => h("li", {}, h("span", {}, t("plain", { value: f.span(f.ms(v.start), f.ms(v.end)) }), t("comma"), t(...facts.whereSentence(centre(ringOf(v.outline)))), t("comma"), t("plain", { value: f.bandLong(v.lower, v.upper) }))));
  const more = message.volumes.length - PLACES;
  return pane(["pane.place"], h("ul", { class: "rows2" }, rows, more > 0 && h("li", {}, h("span", {}, t("near.places", { count: message.volumes.length })))));
}

/** What is wrong with an item, in words; nothing while it is empty. */
function verdict(name, said, right) {
  const found = echo.compare(said, right);
  return found ? t(`echo.${found.wrong}`, { item: text(`item.${name}`), at: found.at ?? 0 }) : [];
}

function echoField(k, name, right) {
  const judge = (input, words) => {
    const wrong = (echo.compare(input.value, right)?.wrong ?? "right") !== "right";
    wrong ? input.setAttribute("aria-invalid", "true") : input.removeAttribute("aria-invalid");
    words.replaceChildren(...verdict(name, input.value, right));
  };
  const words = h("span", { class: "bad", role: "status" });
  const input = h("input", { class: "field n", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", maxlength: "80", "data-k": `${k}:${name}`, value: draft(`${k}:${name}`),
    on: { input: () => (world.drafts.set(`${k}:${name}`, input.value), judge(input, words)) } });
  judge(input, words);
  return h("label", {}, h("span", {}, t(`item.${name}`)), input, words);
}

/** Item by item, as heard or as one's own chart says it: typed, never copied by the page, so that another place cannot pass. */
function readBack(message, owed) {
  const items = echo.ITEMS.map((name, i) => [name, message.read_back[i]]).filter(([, right]) => right);
  if (!items.length) return null;
  const k = `echo:${message.id}:${owed.cell}:${message.version}`;
  const table = h("dl", { class: "kv" }, items.map(([name, right]) => [h("dt", {}, t(`item.${name}`), name === "bearing" && message.landmark ? [t("space"), t("item.from", { place: message.landmark })] : ""), h("dd", { class: "n" }, t("plain", { value: code(echo.groups(right)) }))]));
  const said = () => echo.ITEMS.map((name) => draft(`${k}:${name}`));
  const go = () => (said().some(Boolean) ? sent(actions.acknowledge(message, owed.cell, said()), k) : set({ saying: { kind: "refused", sentence: ["echo.empty"] } }));
  return pane(["pane.read_back", { cell: cellName(owed.cell) }],
    h("p", { class: "muted" }, t("read_back.how")), table,
    h("div", { class: "echo" }, items.map(([name, right]) => echoField(k, name, right))),
    h("div", { class: "acts" }, btn(`${k}:send`, ["read_back.send"], go, "go")));
}

const forms = {
  answer: (message, cell, k) => [
    h("label", {}, h("span", {}, t("answer.kind")), h("select", { class: "field", "data-k": `${k}:kind`, on: { change: (e) => world.drafts.set(`${k}:kind`, e.target.value) } },
      hotline.ANSWERS.map((kind) => h("option", { value: kind, selected: kind === draft(`${k}:kind`) }, t(`answer.${kind}`))))),
    field(`${k}:words`, ["words.optional"]), btn(`${k}:send`, ["answer.send"], () => sent(actions.answer(message, cell, draft(`${k}:kind`) || hotline.ANSWERS[0], draft(`${k}:words`).trim()), `${k}:words`), "go")],
  reject: (message, cell, k) => [field(`${k}:words`, ["reject.why"]), btn(`${k}:send`, ["reject.send"], () => draft(`${k}:words`).trim() && sent(actions.reject(message, cell, draft(`${k}:words`).trim()), `${k}:words`), "go")],
  doubt: (message, _, k) => [field(`${k}:words`, ["doubt.why"]), btn(`${k}:send`, ["doubt.send"], () => draft(`${k}:words`).trim() && sent(actions.doubt(message, draft(`${k}:words`).trim()), `${k}:words`), "go")],
};
const form = (kind, message, cell) => {
  const k = `${kind}:${message.id}:${cell}`;
  return doing(k) && h("div", { class: "form" }, forms[kind](message, cell, k), btn(`${k}:cancel`, ["cancel"], () => set({ doing: null })));
};

function acts(message) {
  const owed = hotline.owedOpen(message);
  const one = (o) => [
    o.reach === "sent" && btn(`ack:${message.id}:${o.cell}`, ["acknowledge", { cell: cellName(o.cell) }], () => actions.acknowledge(message, o.cell, []), message.read_back.length ? "" : "go"),
    btn(`answer:${message.id}:${o.cell}`, ["answer.open"], () => start(`answer:${message.id}:${o.cell}`)),
    message.kind !== "stop" && btn(`reject:${message.id}:${o.cell}`, ["reject.open"], () => start(`reject:${message.id}:${o.cell}`)),
  ];
  const answerable = owed.length ? owed : message.kind === "query" && !message.mine ? message.owed : [];
  return h("div", {}, h("div", { class: "acts" }, answerable.map(one),
    btn(`doubt:${message.id}:`, ["doubt.open"], () => start(`doubt:${message.id}:`)),
    message.mine && message.state === "open" && message.kind !== "stop" && btn(`again:${message.id}`, ["new.version"], () => writeAgain(message)),
    message.mine && message.state === "open" && btn(`cancel:${message.id}`, ["cancel_message"], () => actions.cancelMessage(message))),
    answerable.map((o) => [form("answer", message, o.cell), form("reject", message, o.cell)]), form("doubt", message, ""));
}

function said(message) {
  const answers = message.answers.map((a) => h("li", {}, h("span", {}, t("said.answer", { party: facts.partyName(a.party), answer: text(`answer.${a.answer}`), time: f.utc(f.ms(a.time), true) })), a.text && h("q", {}, h("bdi", {}, actions.plain(a.text)))));
  const doubts = message.doubts.map((d) => {
    const k = `review:${d.id}`;
    const own = d.party === world.signer?.party && !d.reviewed;
    return h("li", {}, h("span", {}, t(d.reviewed ? "said.reviewed" : "said.doubt", { party: facts.partyName(d.party), time: f.utc(f.ms(d.reviewed ?? d.time), true) })), d.text && h("q", {}, h("bdi", {}, actions.plain(d.text))),
      own && btn(k, ["review.open"], () => start(k)), own && doing(k) && h("div", { class: "form" }, field(`${k}:words`, ["review.words"]), btn(`${k}:send`, ["review.send"], () => draft(`${k}:words`).trim() && sent(actions.review(d.id, draft(`${k}:words`).trim()), `${k}:words`), "go")));
  });
  return answers.length + doubts.length > 0 && pane(["pane.said"], h("ul", { class: "rows2" }, answers, doubts));
}

/** A late text or a STOP goes out with what contradicts it beside. */
function contradictions(message) {
  const found = hotline.beside(message);
  return found.length > 0 && h("ul", { class: "problem" }, found.map((c) => h("li", {}, c.said ? t("contradiction", { said: actions.plain(c.said), geometry: c.geometry }) : t("contradiction.unread"))));
}

/** What the version before said, where this page saw it. */
function changedSince(message) {
  const found = hotline.changes(message);
  if (!found) return message.version > 1 && h("p", { class: "problem" }, t("version.again", { version: message.version }));
  return h("div", { class: "problem" }, h("p", {}, t("version.again", { version: message.version }), t("space"), t("version.changed", { names: found.names.map((name) => text(`changed.${name}`)).join(", ") || text("changed.nothing") })),
    found.names.includes("text") && found.before.text && h("p", {}, h("del", {}, h("bdi", { dir: "auto" }, actions.plain(found.before.text)))));
}

function detail(message) {
  const foreign = message.text && message.language && message.language !== current();
  return [
    h("header", {}, h("h1", { tabindex: "-1", "data-k": "message-head" }, t(`message.${message.kind}`), t("space"), t(...who(message))), h("div", { class: "hd" }, h("b", {}, t(`precedence.${message.precedence}`)), flags(message), h("span", { class: "muted" }, t("message.sent", { time: f.utc(f.ms(message.sent), true), version: message.version })))),
    message.text && h("blockquote", {}, h("bdi", {}, actions.plain(message.text)), foreign && h("small", {}, t("untranslated", { language: code(message.language) }))),
    message.late && h("p", { class: "problem" }, t("message.late", { start: clearBy(message) })), contradictions(message), changedSince(message),
    message.kind !== "stop" && h("p", { class: "muted" }, t("message.no_request")),
    acts(message), geometry(message),
    hotline.owedOpen(message).filter((o) => !o.proxy || o.reach !== "read-back").map((o) => message.needs === "read-back" && readBack(message, o)),
    receivers(message), said(message),
  ];
}

// lines and watches

function lines() {
  const rows = (world.hotline?.lines ?? []).map((line) => {
    const mine = line.first === world.signer?.party;
    const other = mine ? line.second : line.first;
    return h("li", {}, h("span", {}, t(mine ? "line.out" : "line.in", { party: facts.partyName(other), path: text(`path.${line.path}`) })),
      h("span", { class: `tag line-${line.state}` }, t(`line.${line.state}`)),
      !mine && line.answer_by ? btn(`answer-check:${line.check}`, ["line.answer"], () => actions.answerCheck(line), "go") : mine && !line.answer_by ? btn(`check:${other}:${line.path}`, ["line.check"], () => actions.check(other, line.path)) : h("span", { class: "muted" }, t("line.waits")));
  });
  const known = new Set((world.hotline?.lines ?? []).filter((l) => l.first === world.signer?.party).map((l) => l.second));
  const unchecked = (world.theatre?.parties ?? []).filter((p) => !p.mine && p.role === "member" && !known.has(p.party));
  return pane(["pane.lines"], h("ul", { class: "rows2" }, rows, unchecked.map((p) => h("li", {}, h("span", {}, t("line.never", { party: p.name })), h("span"), btn(`check:${p.party}:first`, ["line.check"], () => actions.check(p.party, "first"))))));
}

function watches() {
  const me = world.signer ? toBase64(world.signer.publicKey) : "";
  return pane(["pane.watches"], h("ul", { class: "rows2" }, (world.hotline?.cells ?? []).map((cell) => watch(cell, me))));
}
const sameKey = (a, b) => Boolean(a && b) && toBase64(fromBase64(a)) === toBase64(fromBase64(b));

function watch(cell, me) {
  const mine = sameKey(cell.key, me);
  const offered = sameKey(cell.offered, me);
  const k = `watch:${cell.cell}`;
  const others = (world.hotline?.keys ?? []).filter((key) => !sameKey(key.key, me));
  const on = cell.key ? (mine ? "watch.mine" : "watch.other") : "watch.nobody";
  return h("li", { class: "watchrow" }, h("span", {}, h("b", {}, t("plain", { value: cell.cell ? code(cell.cell) : text("the_watch") })), t("space"), t(on, { label: cell.label ?? "" }), cell.offered && [t("space"), t("watch.offered")]),
    h("span", { class: "n" }, t("watch.open", { count: cell.items.length })),
    (offered || !cell.key) && btn(k, ["watch.take"], () => start(k), "go"),
    mine && !offered && others.length > 0 && btn(`${k}:give`, ["watch.give"], () => start(`${k}:give`)),
    doing(k) && takeOver(cell, k), doing(`${k}:give`) && handOver(cell, `${k}:give`, others));
}

/** The successor signs each open item, one tick a thing. */
function takeOver(cell, k) {
  const ticked = new Set(draft(k).split(",").filter(Boolean));
  const about = (id) => hotline.messages().find((m) => m.owed.some((o) => o.id === id));
  const toggle = (id) => (ticked.has(id) ? ticked.delete(id) : ticked.add(id), world.drafts.set(k, [...ticked].join()), changed());
  const all = cell.items.every((id) => ticked.has(id));
  return h("div", { class: "form" }, h("p", { class: "muted" }, t("watch.sign_each")), cell.items.map((id) => {
    const message = about(id);
    return h("label", { class: "check" }, h("input", { type: "checkbox", "data-k": `${k}:${id}`, checked: ticked.has(id), on: { change: () => toggle(id) } }), h("span", {}, message ? [t(`precedence.${message.precedence}`), t("space"), t(`message.${message.kind}`), t("space"), t(...who(message))] : t("plain", { value: code(id.slice(0, 8)) })));
  }), h("button", { type: "button", class: "btn go", "data-k": `${k}:send`, "aria-disabled": String(!all), on: { click: () => all && sent(actions.takeOver(cell.cell, cell.items), k) } }, t("watch.sign", { count: cell.items.length })));
}

function handOver(cell, k, others) {
  const chosen = draft(`${k}:to`) || others[0].key;
  return h("div", { class: "form" }, h("label", {}, h("span", {}, t("watch.to")), h("select", { class: "field", "data-k": `${k}:to`, on: { change: (e) => world.drafts.set(`${k}:to`, e.target.value) } }, others.map((key) => h("option", { value: key.key, selected: key.key === chosen }, key.label || key.key.slice(0, 8))))),
    field(`${k}:why`, ["watch.reason"]), btn(`${k}:send`, ["watch.offer"], () => sent(actions.handOver(cell.cell, chosen, draft(`${k}:why`).trim()), `${k}:why`), "go"));
}

// all of it

export function render() {
  const count = hotline.toDo().length + hotline.checks().length;
  const badge = $("#message-count");
  badge.hidden = !count;
  badge.textContent = String(count);
  badge.title = text("message_count", { count });
  if (world.room !== "messages") return;
  const message = hotline.byKey(world.message) ?? null;
  const writing = world.doing === "compose";
  const base = [current(), JSON.stringify(world.hotline), world.message, world.doing, [...world.drafts].filter(([k]) => k.startsWith("watch:") || (k.startsWith("compose:") && k !== "compose:text")).join(), world.theatre !== null, world.view?.as_of.position ?? 0, message && hotline.beside(message).length];
  draw($("#msgs"), JSON.stringify(base), () => [
    h("div", { class: "mlist", "data-scroll": "list" }, list()),
    h("div", { class: "mone", "data-scroll": "one" }, writing ? composer(field, sent) : message ? detail(message) : h("p", { class: "nothing" }, t("messages.choose"))),
    h("div", { class: "mside", "data-scroll": "side" }, lines(), watches()),
  ]);
  const line = actions.sayingLine();
  if (message) actions.askBeside(message);
  $("#msgs .saying-here")?.remove();
  if (line) $("#msgs .mone").prepend(h("div", { class: "saying-here" }, line));
  beat();
}
