// The Messages room: what is open between the watches, how far each has come, lines, and who is on watch.
// In: hotline.js. Out: panes whose buttons sign and send. A message tells, asks or stops; nothing in it is a request for leave.

import * as actions from "./actions.js";
import { $, draw, h, sign } from "./dom.js";
import * as facts from "./facts.js";
import * as f from "./format.js";
import { centre, ringOf } from "./geo.js";
import * as hotline from "./hotline.js";
import { fromBase64, toBase64 } from "./msgpack.js";
import { beat } from "./needs.js";
import { changed, set, world } from "./state.js";
import { code, current, t, text } from "./words.js";

const REACHES = ["sent", "received", "read-back", "effective"];
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
  const shown = [message.exercise && "exercise", message.drill && "drill", message.late && "late", message.off_watch && "off_watch", hotline.doubted(message) && "doubted"].filter(Boolean);
  return shown.map((flag) => h("span", { class: `flag ${flag}` }, t(`flag.${flag}`)));
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
    h("div", { class: "acts" }, btn("new:notice", ["new.notice"], () => compose("notice"), "go"), btn("new:query", ["new.query"], () => compose("query"))),
    h("h2", {}, t("messages.owed", { count: mine.length })),
    mine.length ? h("ul", { class: "msgs" }, mine.map(row)) : h("p", { class: "nothing" }, t("messages.none_owed")),
    others.length > 0 && [h("h2", {}, t("messages.others")), h("ul", { class: "msgs" }, others.map(row))],
  ];
}

// one message

function steps(reach, effective) {
  const at = effective ? 3 : REACHES.indexOf(reach);
  if (at < 0) return h("span", { class: "flag rejected" }, t("reach.rejected"));
  return h("ol", { class: "steps" }, REACHES.map((name, i) => h("li", { class: i <= at ? "done" : "", "aria-current": i === at ? "step" : undefined }, t(`reach.${name}`))));
}

function receivers(message) {
  if (message.mine) {
    return pane(["pane.reach"], h("ul", { class: "reach" }, message.receivers.map((r) => h("li", {}, h("b", {}, h("bdi", {}, facts.partyName(r.party))), steps(r.reach, Boolean(message.effective) && r.reach === message.needs),
      r.rung > 0 && h("span", { class: "flag late" }, t("rung.party"))))),
      h("p", { class: "muted" }, t(message.effective ? "message.effective" : "message.not_effective", { time: message.effective ? f.utc(f.ms(message.effective), true) : code("—") })));
  }
  return pane(["pane.owed"], h("ul", { class: "reach" }, message.owed.map((o) => h("li", {}, h("b", {}, t("plain", { value: cellName(o.cell) })), steps(o.reach, false),
    o.acknowledge_by && h("span", {}, t("message.climbs"), t("space"), h("b", { class: "n", data: { count: o.acknowledge_by } })),
    o.rung > 0 && h("span", { class: "flag late" }, t(o.asked ? "rung.above" : "rung.all", { cell: cellName(o.asked) }))))));
}

function geometry(message) {
  if (!message.volumes.length) return null;
  const rows = message.volumes.slice(0, 12).map((v) => h("li", {}, t("plain", { value: f.bandLong(v.lower, v.upper) }), t("space"), t("plain", { value: f.span(f.ms(v.start), f.ms(v.end)) }), t("space"), t(...facts.whereSentence(centre(ringOf(v.outline))))));
  return pane(["pane.place"], h("ul", { class: "rows2" }, rows));
}

function readBack(message, owed) {
  const items = hotline.ITEMS.map((name, i) => [name, message.read_back[i]]).filter(([, right]) => right);
  if (!items.length) return null;
  const k = `echo:${message.id}:${owed.cell}`;
  const said = (name) => draft(`${k}:${name}`);
  const wrong = items.filter(([name]) => said(name) && !hotline.checkHolds(said(name))).map(([name]) => name);
  const table = h("dl", { class: "kv" }, items.map(([name, right]) => [h("dt", {}, t(`item.${name}`), name === "bearing" && message.landmark ? [t("space"), t("item.from", { place: message.landmark })] : ""), h("dd", { class: "n" }, t("plain", { value: code(groups(right)) }))]));
  const typed = h("div", { class: "echo" }, items.map(([name]) => h("label", {}, h("span", {}, t(`item.${name}`)),
    h("input", { class: "field n", autocomplete: "off", spellcheck: "false", maxlength: "80", "data-k": `${k}:${name}`, value: said(name), "aria-invalid": wrong.includes(name) ? "true" : undefined,
      on: { input: (event) => world.drafts.set(`${k}:${name}`, event.target.value), change: changed } }),
    wrong.includes(name) && h("span", { class: "bad" }, t("echo.misheard")))));
  const whole = hotline.ITEMS.map((name) => said(name));
  return pane(["pane.read_back", { cell: cellName(owed.cell) }],
    h("p", { class: "muted" }, t("read_back.how")), table,
    h("div", { class: "acts" }, btn(`${k}:shown`, ["read_back.shown"], () => actions.acknowledge(message, owed.cell, message.read_back), "go"), btn(`${k}:type`, ["read_back.type"], () => start(k, `${k}:${items[0][0]}`))),
    doing(k) && [typed, btn(`${k}:send`, ["read_back.send"], () => sent(actions.acknowledge(message, owed.cell, whole), k), "go")]);
}
const groups = (word) => word.replace(/(.{4})(?=.)/g, "$1 ");

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
    message.mine && message.state === "open" && btn(`cancel:${message.id}`, ["cancel_message"], () => actions.cancelMessage(message))),
    answerable.map((o) => [form("answer", message, o.cell), form("reject", message, o.cell)]), form("doubt", message, ""));
}

function said(message) {
  const answers = message.answers.map((a) => h("li", {}, t("said.answer", { party: facts.partyName(a.party), answer: text(`answer.${a.answer}`), time: f.utc(f.ms(a.time), true) }), a.text && h("q", {}, h("bdi", {}, actions.plain(a.text)))));
  const doubts = message.doubts.map((d) => {
    const k = `review:${d.id}`;
    const own = d.party === world.signer?.party && !d.reviewed;
    return h("li", {}, t(d.reviewed ? "said.reviewed" : "said.doubt", { party: facts.partyName(d.party), time: f.utc(f.ms(d.reviewed ?? d.time), true) }), d.text && h("q", {}, h("bdi", {}, actions.plain(d.text))),
      own && btn(k, ["review.open"], () => start(k)), own && doing(k) && h("div", { class: "form" }, field(`${k}:words`, ["review.words"]), btn(`${k}:send`, ["review.send"], () => draft(`${k}:words`).trim() && sent(actions.review(d.id, draft(`${k}:words`).trim()), `${k}:words`), "go")));
  });
  return answers.length + doubts.length > 0 && pane(["pane.said"], h("ul", { class: "rows2" }, answers, doubts));
}

function detail(message) {
  const foreign = message.text && message.language && message.language !== current();
  return [
    h("header", {}, h("h1", { tabindex: "-1", "data-k": "message-head" }, t(`message.${message.kind}`), t("space"), t(...who(message))), h("div", { class: "hd" }, h("b", {}, t(`precedence.${message.precedence}`)), flags(message), h("span", { class: "muted" }, t("message.sent", { time: f.utc(f.ms(message.sent), true), version: message.version })))),
    message.text && h("blockquote", {}, h("bdi", {}, actions.plain(message.text)), foreign && h("small", {}, t("untranslated", { language: code(message.language) }))),
    message.late && h("p", { class: "problem" }, t("message.late")),
    geometry(message), acts(message),
    hotline.owedOpen(message).filter((o) => !o.proxy || o.reach !== "read-back").map((o) => message.needs === "read-back" && readBack(message, o)),
    receivers(message), said(message),
  ];
}

// writing one

function compose(kind) {
  world.drafts.set("compose:kind", kind);
  set({ message: null, doing: "compose", saying: null, focus: "compose:text" });
}

function composer() {
  const others = (world.theatre?.parties ?? []).filter((p) => !p.mine && p.role === "member");
  const plans = (world.view?.operations ?? []).filter((o) => o.mine && o.state !== "Ended");
  const to = new Set(draft("compose:to").split(",").filter(Boolean));
  const choose = (party) => (to.has(party) ? to.delete(party) : to.add(party), world.drafts.set("compose:to", [...to].join()), changed());
  const kind = draft("compose:kind") || "notice";
  const go = () => {
    const message = { kind, precedence: draft("compose:precedence") || "priority", to: [...to], text: draft("compose:text").trim(), operation: draft("compose:plan"), drill: draft("compose:drill") === "on" };
    if (!to.size) return set({ saying: { kind: "refused", sentence: ["compose.nobody"] } });
    if (!message.text && !message.operation) return set({ saying: { kind: "refused", sentence: ["compose.empty"] } });
    return sent(actions.sendMessage(message), "compose:text");
  };
  const select = (k, choices) => h("select", { class: "field", "data-k": k, on: { change: (e) => world.drafts.set(k, e.target.value) } }, choices.map(([value, label]) => h("option", { value, selected: value === (draft(k) || choices[0][0]) }, label)));
  return [
    h("h1", { tabindex: "-1" }, t(`new.${kind}`)),
    h("p", { class: "muted" }, t("compose.what")),
    h("fieldset", {}, h("legend", {}, t("compose.to")), others.map((p) => h("label", { class: "check" }, h("input", { type: "checkbox", "data-k": `to:${p.party}`, checked: to.has(p.party), on: { change: () => choose(p.party) } }), h("bdi", {}, p.name)))),
    h("label", {}, h("span", {}, t("compose.precedence")), select("compose:precedence", ["priority", "flash", "immediate", "routine"].map((p) => [p, text(`precedence.${p}`)]))),
    h("label", {}, h("span", {}, t("compose.plan")), select("compose:plan", [["", text("compose.no_plan")], ...plans.map((o) => [o.id, o.label])])),
    field("compose:text", ["compose.text"], 4),
    h("label", { class: "check" }, h("input", { type: "checkbox", "data-k": "compose:drill", checked: draft("compose:drill") === "on", on: { change: (e) => world.drafts.set("compose:drill", e.target.checked ? "on" : "") } }), h("span", {}, t("drill"))),
    h("div", { class: "acts" }, btn("compose:send", ["compose.send"], go, "go"), btn("compose:cancel", ["cancel"], () => set({ doing: null }))),
  ];
}

// lines and watches

function lines() {
  const rows = (world.hotline?.lines ?? []).map((line) => {
    const mine = line.first === world.signer?.party;
    const other = mine ? line.second : line.first;
    return h("li", {}, h("span", {}, t(mine ? "line.out" : "line.in", { party: facts.partyName(other), path: text(`path.${line.path}`) })),
      h("span", { class: `flag line-${line.state}` }, t(`line.${line.state}`)),
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
  const base = [current(), JSON.stringify(world.hotline), world.message, world.doing, draft("compose:to"), draft("compose:kind"), [...world.drafts].filter(([k]) => k.startsWith("watch:") || k.startsWith("echo:")).join(), world.theatre !== null, world.link];
  draw($("#msgs"), JSON.stringify(base), () => [
    h("div", { class: "mlist", "data-scroll": "list" }, list()),
    h("div", { class: "mone", "data-scroll": "one" }, writing ? composer() : message ? detail(message) : h("p", { class: "nothing" }, t("messages.choose"))),
    h("div", { class: "mside", "data-scroll": "side" }, lines(), watches()),
  ]);
  const line = actions.sayingLine();
  $("#msgs .saying-here")?.remove();
  if (line) $("#msgs .mone").prepend(h("div", { class: "saying-here" }, line));
  beat();
}
