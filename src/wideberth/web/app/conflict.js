// The Conflicts room: where it is too near, how near, what clears it, who said what, who must concur.
// In: one conflict of the view. Out: its panes and an action bar whose every button signs and sends.

import * as actions from "./actions.js";
import { fromAbove, fromTheSide } from "./drawings.js";
import { $, draw, h, s, sheet, sign } from "./dom.js";
import * as facts from "./facts.js";
import * as f from "./format.js";
import { beat, noKnownConflict } from "./needs.js";
import { set, world } from "./state.js";
import { code, current, has, t, text } from "./words.js";

await sheet("conflict");

const LISTED_MAX = 14;
const pane = (title, ...inner) => h("section", { class: "pane" }, h("h2", {}, t(...title)), inner);
const inner = (...children) => h("div", { class: "in" }, children);

function header(conflict) {
  const is_open = facts.open(conflict);
  const presses = facts.pressing(conflict);
  const mark = s("svg", { class: "sym", "aria-hidden": "true" }, s("use", { href: presses ? "#i-dia" : "#i-ask", class: presses ? "s-dia" : "s-grey" }));
  const deadline = is_open && h("div", { class: "dlc" }, h("b", { class: "n", data: { count: conflict.settle_by } }), h("span", { data: { left: conflict.settle_by, key: "room" } }));
  return h("div", { class: "hd" }, mark,
    h("div", {}, h("h1", { tabindex: "-1", "data-k": "room-head" }, t("conflict.head", { label: code(conflict.label), state: text(`conflict.${conflict.state}`) })), h("p", {}, t(...facts.titleSentence(conflict)))),
    deadline);
}

function which(conflict) {
  const list = sorted();
  if (list.length < 2) return null;
  return h("nav", { class: "which", "aria-label": text("which") }, list.slice(0, LISTED_MAX).map((c) =>
    h("button", { type: "button", class: "btn", "data-k": `which:${c.id}`, "aria-current": String(c.id === conflict.id), on: { click: () => actions.openConflict(c.id) } },
      facts.pressing(c) && sign("i-dia", "s-dia"), h("span", {}, t(facts.open(c) ? "plain" : "which.item", { value: code(c.label), label: code(c.label), state: text(`conflict.${c.state}`) })))));
}
const sorted = () => [...facts.conflicts()].sort((a, b) => Number(facts.open(b)) - Number(facts.open(a)) || f.ms(a.settle_by) - f.ms(b.settle_by));

function howNear(conflict) {
  const place = facts.worst(conflict);
  const share = (gap, minimum) => (minimum > 0 ? Math.max(3, Math.min(100, (100 * Math.max(0, gap)) / minimum)) : 3);
  const bar = (label, gap, minimum, figure) => [h("span", {}, t(label)), h("div", { class: "trackb", "aria-hidden": "true" }, h("i", { vars: { "--p": share(gap, minimum) } })), h("span", { class: "n" }, t("plain", { value: figure }))];
  const point = facts.whereSentence(facts.pointOf(place));
  return pane(["pane.near"], inner(
    h("div", { class: `near${facts.open(conflict) ? "" : " calm2"}` },
      bar("across", place.horizontal_m, place.minimum_horizontal_m, f.ofAcross(place.horizontal_m, place.minimum_horizontal_m)),
      !facts.anyHeight(place) && bar("in_height", place.vertical_m, place.minimum_vertical_m, f.ofHeight(place.vertical_m, place.minimum_vertical_m))),
    h("p", { class: "muted" }, t(facts.anyHeight(place) ? "near.any_height" : "near.one_is_enough"), t("space"), t("near.window", { window: f.span(f.ms(place.start), f.ms(place.end)) }), t("space"), t(...point), t("stop"),
      conflict.places.length > 1 && [t("space"), t("near.places", { count: conflict.places.length })])));
}

/** All ways to settle that can be chosen, with what they would do. */
function choices(conflict) {
  if (!facts.open(conflict)) return [];
  const out = conflict.proposals.filter((p) => p.state === "open").map((proposal) => ({ key: `proposal:${proposal.id}`, kind: "proposal", proposal, change: proposal.change }));
  (actions.optionsOf(conflict) ?? []).forEach((option, i) => out.push({ key: `option:${i}`, kind: "option", option, change: option.change }));
  out.push({ key: "procedure", kind: "procedure", change: { kind: "procedure" } });
  return out;
}
const choosable = (choice) => choice.kind !== "option" || choice.change.kind === "shift";

export function chosen(conflict) {
  const all = choices(conflict).filter(choosable);
  return all.find((c) => c.key === world.chosen.get(conflict.id)) ?? all[0] ?? null;
}

/** What the node tested an option against, in the reader's language. */
function tested(option) {
  const key = `tested.${option.checked_code}`;
  return has(key) ? [t("space"), t(key)] : "";
}

function choiceLines(choice, conflict) {
  if (choice.kind === "procedure") return [t("procedure.title"), t("procedure.sub")];
  const mover = choice.change.whose === "other" ? ["moves.other", { party: facts.otherName(conflict) }] : ["moves.me"];
  if (choice.kind === "option") {
    const after = facts.outcome(choice.change, conflict).flatMap((value) => [t("comma"), t("plain", { value })]);
    return [[t(...facts.changeSentence(choice.change, conflict)), after], [t(...mover), t("space"), t(`clears.${choice.option.clears}`), choice.option.late ? [t("space"), t("option.late")] : "", tested(choice.option)]];
  }
  const { proposal } = choice;
  const by = proposal.mine ? text("you_propose") : text("they_propose", { party: facts.otherName(conflict) });
  return [[t("proposed.head", { by }), t(...facts.changeSentence(proposal.change, conflict))], [choice.change.kind === "procedure" ? "" : [t(...mover), t("space")], t("proposed.at", { time: f.utc(f.ms(proposal.time), true) }), proposal.note ? [t("space"), h("bdi", {}, proposal.note)] : ""]];
}

function option(choice, conflict, i) {
  const is_chosen = chosen(conflict)?.key === choice.key;
  const [title, sub] = choiceLines(choice, conflict);
  const words = h("div", {}, h("b", {}, title), h("span", {}, sub));
  const cost = h("div", { class: "cost" }, choice.change.kind === "shift" ? h("span", {}, t("plain", { value: f.shiftCost(choice.change) })) : null);
  if (!choosable(choice)) return h("div", { class: `opt told${i ? "" : " first"}` }, h("span"), words, cost);
  const pick = () => (world.chosen.set(conflict.id, choice.key), set({ saying: null }));
  return h("label", { class: `opt${is_chosen ? " sel" : ""}${i ? "" : " first"}` },
    h("input", { type: "radio", name: "settle", checked: is_chosen, "data-k": `choice:${choice.key}`, on: { change: pick } }), words, cost,
    choice.kind === "procedure" && is_chosen && h("textarea", { class: "field", "data-k": "procedure-text", maxlength: "2000", "aria-label": text("procedure.title"), value: world.drafts.get(`procedure:${conflict.id}`) ?? "",
      on: { input: (event) => world.drafts.set(`procedure:${conflict.id}`, event.target.value) } }));
}

function whatClears(conflict) {
  const list = choices(conflict);
  const past = conflict.proposals.filter((p) => p.state !== "open");
  const waiting = facts.open(conflict) && actions.optionsOf(conflict) === null;
  return pane(["pane.clears"],
    waiting && inner(h("p", { class: "muted" }, t("options.loading"))),
    actions.optionsFailed(conflict) && inner(h("p", { class: "muted" }, t(...actions.optionsFailed(conflict)))),
    facts.open(conflict) ? h("div", { role: "radiogroup", "aria-label": text("pane.clears") }, list.map((c, i) => option(c, conflict, i))) : inner(h("p", {}, t(`settled.long.${conflict.state}`))),
    past.map((p) => h("div", { class: "opt told" }, h("span"), h("div", {}, h("b", {}, t(...facts.changeSentence(p.change, conflict))),
      h("span", {}, t(`proposal.${p.state}`, { time: f.utc(f.ms(p.time), true), by: p.mine ? text("you") : facts.otherName(conflict) }))), h("div", { class: "cost" }, p.change.kind === "shift" ? h("span", {}, t("plain", { value: f.shiftCost(p.change) })) : null))));
}

function whatWasSaid(conflict) {
  const none = (entry) => !entry.mine && !entry.by && conflict.other.party && has(`said.${entry.what}.none`);
  const who = (entry) => (entry.mine ? text("you") : entry.by ? facts.partyName(entry.by) : facts.otherName(conflict));
  const line = (entry) => {
    const key = `said.${entry.what}${entry.mine && has(`said.${entry.what}.mine`) ? ".mine" : none(entry) ? ".none" : ""}`;
    return h("li", {}, h("span", { class: "n" }, t("plain", { value: f.utc(f.ms(entry.time), true) })), h("span", {}, t(key, { who: who(entry), label: code(conflict.mine.label) }), entry.text ? [t("space"), h("q", {}, h("bdi", {}, entry.text))] : ""), h("span", { class: "n" }, t("plain", { value: entry.position })));
  };
  return pane(["pane.said"], inner(h("ul", { class: "hist" }, conflict.said.slice(-12).map(line))));
}

const SEEN = ["place_window", "separation", "party", "activity", "outline"];
function whoSees(conflict) {
  const list = (given) => {
    const seen = given.includes("place") && given.includes("window") ? ["place_window", ...given.filter((x) => x !== "place" && x !== "window")] : given;
    return h("ul", {}, [...new Set([...SEEN, ...seen])].filter((x) => has(`sees.${x}`)).map((x) => h("li", { class: seen.includes(x) ? "y" : "" }, h("span", { class: "vh" }, t(seen.includes(x) ? "sees.yes" : "sees.no")), t(`sees.${x}`))));
  };
  const added = conflict.other.shared && inner(h("p", {}, t("sees.added", { party: facts.otherName(conflict) }), t("space"), h("q", {}, h("bdi", {}, conflict.other.shared))));
  return pane(["pane.sees"], added, h("div", { class: "sees" },
    h("div", {}, h("b", {}, t("sees.me", { party: facts.otherName(conflict) })), list(conflict.sees?.me ?? [])),
    h("div", {}, h("b", {}, t("sees.other", { party: facts.otherName(conflict) })), list(conflict.sees?.other ?? []))));
}

function concurrence(conflict) {
  const offer = [...conflict.proposals].reverse().find((p) => p.state === "open" || p.state === "concurred");
  const mine = facts.me();
  const stand = (is_me) => {
    if (conflict.accepted_by.includes(is_me ? mine : conflict.other.party)) return ["stand.risk"];
    if (!offer) return ["stand.not_yet"];
    if (offer.mine === is_me) return ["stand.proposed", { time: f.utc(f.ms(offer.time)) }];
    return offer.state === "concurred" ? ["stand.given"] : ["stand.not_yet"];
  };
  const operation = world.view.operations.find((o) => o.id === conflict.mine.id);
  const line = (name, sentence) => h("li", {}, h("span", {}, h("bdi", {}, name)), h("span", {}, t(...sentence)));
  return pane(["pane.concurrence"], inner(h("ul", { class: "rows" },
    line(facts.partyName(mine), stand(true)), line(facts.otherName(conflict), stand(false)),
    (operation?.concurred ?? []).map((c) => line(text("concurred.area", { party: facts.partyName(c.party) }), ["stand.given_at", { time: f.utc(f.ms(c.time)) }])),
    (operation?.missing ?? []).map((p) => line(text("concurred.area", { party: facts.partyName(p) }), [(operation.objected ?? []).includes(p) ? "stand.objected" : "stand.not_yet"])))));
}

function actionBar(conflict) {
  const button = (k, sentence, act, go, key) => h("button", { type: "button", class: go ? "btn go" : "btn", "data-k": k, "aria-disabled": String(Boolean(world.sending)), on: { click: act } }, h("span", {}, t(...sentence)), key && world.letters && h("kbd", {}, key));
  if (!facts.open(conflict)) return h("div", { class: "cbar" }, actions.sayingLine(), h("div", { class: "row" }, wayBack(conflict, button)));
  const choice = chosen(conflict);
  const buttons = [];
  if (choice?.kind === "proposal" && choice.proposal.mine) buttons.push(button("act-main", ["withdraw_proposal"], () => actions.withdraw(conflict, choice.proposal), true));
  else if (choice?.kind === "proposal") {
    buttons.push(button("act-main", ["concur"], () => actions.concur(conflict, choice.proposal), true));
    buttons.push(button("act-object", ["object"], () => actions.write({ kind: "object", conflict: conflict.id, proposal: choice.proposal.id })));
  } else if (choice) buttons.push(button("act-main", proposeLabel(choice, conflict), () => actions.propose(conflict, choice.change), true, "P"));
  if (conflict.accepted_by.includes(facts.me())) buttons.push(button("act-risk", ["withdraw_risk"], () => actions.withdrawRisk(conflict)));
  else buttons.push(button("act-risk", ["accept_risk"], () => actions.write({ kind: "risk", conflict: conflict.id })));
  const writes = world.writing && world.writing.kind !== "object-plan";
  return h("div", { class: "cbar" }, actions.sayingLine(), writes ? actions.writingForm() : h("div", { class: "row" }, buttons));
}

/** What one may take back of a conflict that is settled. */
function wayBack(conflict, button) {
  const kept = conflict.proposals.find((p) => p.state === "concurred");
  if (conflict.state === "settled" && kept) return button("act-main", [kept.mine ? "withdraw_proposal" : "withdraw_concurrence"], () => actions.withdraw(conflict, kept));
  if (conflict.state === "accepted" && conflict.accepted_by.includes(facts.me())) return button("act-risk", ["withdraw_risk"], () => actions.withdrawRisk(conflict));
  return h("p", { class: "muted" }, t(`settled.long.${conflict.state}`));
}

function proposeLabel(choice, conflict) {
  if (choice.kind === "procedure") return ["propose.procedure"];
  const [key, values] = facts.changeSentence(choice.change, conflict);
  return choice.change.whose === "other" ? ["propose.other", values] : [key.replace("change.", "propose."), values];
}

/** P: the main action of the chosen way, when it is a proposal of one's own. */
export function proposeChosen() {
  const conflict = facts.conflictById(world.conflict);
  const choice = conflict && chosen(conflict);
  if (choice && choice.kind !== "proposal") actions.propose(conflict, choice.change);
}

function empty() {
  return h("div", { class: "emptyroom" }, h("h1", { tabindex: "-1", "data-k": "room-head" }, t(world.view ? "conflicts.none" : "loading")), h("p", {}, world.view ? t("conflicts.none_sub") : ""), world.view && h("p", {}, noKnownConflict()));
}

function panes(conflict) {
  const place = facts.worst(conflict);
  const window = { window: f.span(f.ms(place.start), f.ms(place.end)) };
  return h("div", { class: "cgrid", data: { scroll: conflict.id } },
    h("div", { class: "col" }, pane(["pane.above", window], fromAbove(conflict, place)), pane(["pane.side"], fromTheSide(conflict, place)), whatWasSaid(conflict)),
    h("div", { class: "col" }, howNear(conflict), whatClears(conflict), whoSees(conflict), concurrence(conflict)));
}

export function render() {
  if (world.room !== "conflict") return;
  let conflict = facts.conflictById(world.conflict);
  if (!conflict) {
    conflict = sorted()[0];
    if (conflict) {
      world.conflict = conflict.id;
      actions.loadOptions(conflict.id);
    }
  }
  const signature = JSON.stringify([current(), world.palette, world.letters, world.view?.as_of.position, conflict?.id, conflict?.state, conflict && world.chosen.get(conflict.id), conflict && actions.optionsOf(conflict)?.length, world.saying, world.writing, world.sending, world.land !== null, document.documentElement.clientWidth > 1600]);
  draw($("#conf"), signature, () => (conflict ? [header(conflict), which(conflict), panes(conflict), actionBar(conflict)] : [empty()]));
  beat();
}
