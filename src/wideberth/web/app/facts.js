// What the view means for people on watch. In: the node's view. Out: things to draw, needs in order, sentences by key.
// Pure but for the clock and world it is handed through state.js.

import * as f from "./format.js";
import { centre, landmark, ringOf, ringOfPlace } from "./geo.js";
import * as hotline from "./hotline.js";
import { now, shown, world } from "./state.js";
import { code, has } from "./words.js";
import * as words from "./words.js";

const SOON_MS = 15 * 60e3;
const KEY_SOON_MS = 2 * 3600e3;
const SKEW_MS = 5000;
const ALMOST = 0.9;
const cache = new WeakMap();

export const partyName = (party) => world.theatre?.parties.find((p) => p.party === party)?.name ?? party ?? words.text("unnamed_party");
export const me = () => world.view?.me.party ?? world.signer?.party;
export function activity(item) {
  const key = [`activity.${item.activity}.${item.domain}`, `activity.${item.activity}`].find(has);
  return key ? words.text(key) : "";
}
const kindName = (item) => (has(`kind.${item.kind}`) ? words.text(`kind.${item.kind}`) : words.text("kind.place"));

const STYLE = { Accepted: "planned", Activated: "active", Nonconforming: "active", Contingent: "active", Ended: "held" };

function thing(item, what) {
  const volumes = item.volumes.map((v) => {
    const ring = ringOf(v.outline);
    return { ...v, ring, circle: v.outline.type === "Circle" ? v.outline : null, from: f.ms(v.start), to: f.ms(v.end) };
  });
  const style = what === "operation" ? STYLE[item.state] : what === "constraint" ? "hatched" : "place";
  return {
    item, what, style, volumes,
    id: item.id, party: item.party, mine: item.mine, label: item.label || item.id.slice(0, 8),
    from: Math.min(...volumes.map((v) => v.from)), to: Math.max(...volumes.map((v) => v.to)),
    doubt: item.state === "Nonconforming" || item.state === "Contingent",
  };
}

/** Everything with a place and a window: operations, constraints, own protected places. */
export function things() {
  if (!world.view) return [];
  let found = cache.get(world.view);
  if (!found) {
    const { operations, constraints, protected: places } = world.view;
    found = [
      ...operations.map((o) => thing(o, "operation")),
      ...constraints.map((c) => thing(c, "constraint")),
      ...places.map((p) => thing(p, "protected")),
    ].filter((item) => item.volumes.length);
    cache.set(world.view, found);
  }
  return found;
}

export const open = (conflict) => conflict.state === "open";
/** Open, and not merely between two plans of one's own, which blocks nothing. */
export const pressing = (conflict) => open(conflict) && conflict.other.party !== me();
export const conflicts = () => world.view?.conflicts ?? [];
export const conflictById = (id) => conflicts().find((c) => c.id === id);

/** The place that is nearest, measured against its own minima. */
export function worst(conflict) {
  const nearness = (p) => Math.max(p.horizontal_m / (p.minimum_horizontal_m || 1), p.vertical_m / (p.minimum_vertical_m || 1));
  return [...conflict.places].sort((a, b) => nearness(a) - nearness(b))[0];
}
export const pointOf = (place) => place.at ?? centre(ringOfPlace(place));

/** "8.2 km on 254° from Pelit", or plain degrees where no landmark is known. */
export function whereSentence(point) {
  const found = landmark(world.land?.gazetteer, point);
  if (!found) return ["where.plain", { position: code(plain(point)) }];
  if (found.distance_m < 150) return ["where.at", { place: found.name }];
  return ["where.from", { distance: f.km(found.distance_m), bearing: f.bearing(found.bearing_deg), place: found.name }];
}
const plain = ([lon, lat]) => `${Math.abs(lat).toFixed(4)}° ${lat < 0 ? "S" : "N"} ${Math.abs(lon).toFixed(4)}° ${lon < 0 ? "W" : "E"}`;

/** A vertical minimum of more than this is the charter's way to say that height does not part two things. */
const HEIGHT_PARTS_M = 20000;
export const anyHeight = (place) => place.minimum_vertical_m > HEIGHT_PARTS_M;

/** How near, in the words of the card. */
export function nearSentence(place) {
  const charter = { across: f.minimumAcross(place.minimum_horizontal_m), height: f.minimumHeight(place.minimum_vertical_m) };
  const across = f.gapAcross(place.horizontal_m, place.minimum_horizontal_m);
  const height = f.gapHeight(place.vertical_m, place.minimum_vertical_m);
  if (place.minimum_horizontal_m <= 0 && place.minimum_vertical_m <= 0) return ["near.none", {}];
  const height_word = anyHeight(place) ? "any" : place.vertical_m <= 0 ? "in" : "by";
  const key = `near.${place.horizontal_m <= 0 ? "in" : "by"}.${height_word}`;
  return [key, { gap_across: across, gap_height: height, ...charter }];
}

/** Who comes too near what. `mine` may be a plan, a constraint or a protected place of one's own. */
export function titleSentence(conflict) {
  const { mine, other } = conflict;
  const values = { mine: code(mine.label), party: other.name ?? words.text("unnamed_party"), label: code(other.label ?? "") };
  if (mine.what !== "operation") return [`title.onto_${mine.what}`, values];
  if (other.party === me()) return ["title.own", values];
  if (other.what === "constraint") return ["title.constraint", values];
  if (other.what === "protected") return ["title.protected", values];
  return [other.party ? "title.plan" : "title.unnamed", values];
}
export const otherName = (conflict) => (conflict.other.party ? (conflict.other.name ?? conflict.other.party) : words.text("unnamed_party"));

/** A change in words: verb first, the party named. The node says "mine" and "other" as the reader sees them. */
export function changeSentence(change, conflict) {
  if (change.kind === "procedure") return ["change.procedure", { words: change.text ?? words.text("text_erased") }];
  const moves_me = change.whose !== "other";
  if (change.kind === "reroute") return [moves_me ? "change.reroute_me" : "change.reroute_other", { party: otherName(conflict) }];
  const later = (change.start_s ?? 0) !== 0;
  const higher = (change.altitude_m ?? 0) !== 0;
  const how = later && higher ? "both" : later ? "time" : "height";
  const sign = (value) => (value < 0 ? "less" : "more");
  const key = how === "both" ? `change.both` : `change.${how}_${sign(later ? change.start_s : change.altitude_m)}`;
  return [
    `${key}.${moves_me ? "me" : "other"}`,
    {
      party: otherName(conflict),
      minutes: f.minutes(Math.abs(change.start_s ?? 0) * 1000),
      metres: f.metres(Math.abs(change.altitude_m ?? 0)),
      shift: f.shiftCost(change),
    },
  ];
}

/** What a shift of one's own plan comes to: the new start and the new band, as far as they change. */
export function outcome(change, conflict) {
  const item = things().find((thing_) => thing_.id === conflict.mine.id);
  if (!item || change.kind !== "shift" || change.whose === "other") return [];
  const out = [];
  if (change.start_s) out.push(f.utc(item.from + change.start_s * 1000));
  if (change.altitude_m) out.push(f.bandMoved(item.volumes[0].lower, item.volumes[0].upper, change.altitude_m));
  return out;
}

/** How much of the time to settle has gone, 0 to 100. */
export function settlePercent(conflict) {
  const [from, to] = [f.ms(conflict.opened), f.ms(conflict.settle_by)];
  return Math.min(100, Math.max(0, (100 * (now() - from)) / Math.max(1, to - from)));
}

const need = (kind, id, rank, time, values) => ({ kind, key: `${kind}:${id}`, id, rank, time, ...values });

function operationNeeds(operation) {
  const out = [];
  const t = now();
  const from = Math.min(...operation.volumes.map((v) => f.ms(v.start)));
  const to = Math.max(...operation.volumes.map((v) => f.ms(v.end)));
  if (operation.confirm_by && f.ms(operation.confirm_by) - t < KEY_SOON_MS && f.ms(operation.confirm_by) > t)
    out.push(need("confirm", operation.id, 3, f.ms(operation.confirm_by), { operation }));
  const ready = operation.state === "Accepted" && from - t < SOON_MS && to > t;
  const waits = operation.missing.length || operation.blocked_by.length;
  if (ready && waits) out.push(need("blocked", operation.id, 2, from, { operation }));
  if (ready && !waits) out.push(need("activate", operation.id, 3, from, { operation }));
  const under_way = ["Activated", "Nonconforming", "Contingent"].includes(operation.state);
  if (under_way && to < t) out.push(need("end", operation.id, 4, to, { operation }));
  return out;
}

function houseNeeds() {
  const out = [];
  const { me: own, budget, operations, protected: places } = world.view;
  const t = now();
  if (own.watch_key_expires && f.ms(own.watch_key_expires) - t < KEY_SOON_MS) out.push(need("key", "watch", 5, f.ms(own.watch_key_expires), {}));
  if (Math.abs(world.offset_ms) > SKEW_MS) out.push(need("skew", "clock", 5, t, {}));
  for (const place of places) if (place.mine && place.review_overdue) out.push(need("review", place.id, 5, f.ms(place.review_by), { place }));
  for (const operation of operations) if (operation.mine && ["Nonconforming", "Contingent"].includes(operation.state)) out.push(need("off_plan", operation.id, 2, t, { operation }));
  const used = [["km2_h", budget?.km2_h_used, budget?.km2_h], ["checks", budget?.checks_used, budget?.checks], ["peers", budget?.peers_used, budget?.peers]];
  const tight = used.filter(([, part, whole]) => whole > 0 && part / whole >= ALMOST);
  if (tight.length) out.push(need("budget", "checks", 5, t, { share: Math.round(100 * Math.max(...tight.map(([, part, whole]) => part / whole))) }));
  if (world.view.unlisted) out.push(need("unlisted", "supplied", 6, t, { count: world.view.unlisted }));
  const told = world.theatre?.parties.find((p) => p.mine)?.told;
  if (told && told.head && told.number > told.signed) out.push(need("sign_head", "told", 6, t, { told }));
  return out;
}

/** What else finds needs, once it is loaded. */
export const also = [];

/** Everything that needs this watch, most pressing first. */
export function needs() {
  if (!world.view) return [];
  const out = [];
  for (const conflict of conflicts())
    if (open(conflict)) {
      out.push(need("conflict", conflict.id, pressing(conflict) ? 0 : 4, f.ms(conflict.settle_by), { conflict }));
    }
  for (const asked of world.view.asked) if (asked.state === "asked") out.push(need("asked", asked.operation.id, 1, asked.start ? f.ms(asked.start) : now(), { asked }));
  for (const operation of world.view.operations) if (operation.mine) out.push(...operationNeeds(operation));
  out.push(...houseNeeds());
  for (const message of hotline.toDo()) out.push(need("message", hotline.keyOf(message.sender, message.id), hotline.urgent(message) ? 0 : 3, f.ms(hotline.climbs(message) ?? message.sent), { message }));
  for (const line of hotline.checks()) out.push(need("line", line.check, 1, f.ms(line.answer_by), { line }));
  for (const more of also) out.push(...more());
  if (world.forked) out.push(need("fork", "ledger", -1, now(), {}));
  if (world.outbox.length) out.push(need("kept", "outbox", 1, now(), {}));
  return out.sort((a, b) => a.rank - b.rank || a.time - b.time || (a.key < b.key ? -1 : 1));
}

/** Conflicts that came up within the last hour. */
export const lastHour = () => conflicts().filter((c) => now() - f.ms(c.opened) < 3600e3).length;

/** Own plans that nothing stands against, and conflicts that were settled. */
export function inOrder() {
  const held = new Set(conflicts().filter(open).map((c) => c.mine.id));
  const plans = (world.view?.operations ?? []).filter((o) => o.mine && o.state !== "Ended" && !held.has(o.id) && !o.missing.length);
  const settled = conflicts().filter((c) => c.state !== "open");
  return { plans, settled };
}

/** Sorted for lanes, profile and table: open conflicts first, then own, then what is nearest in time. */
export function relevant(t, from, to) {
  const troubled = new Set(conflicts().filter(pressing).flatMap((c) => [c.mine.id, c.other.id]));
  const score = (item) => {
    const away = item.from > t ? item.from - t : item.to < t ? t - item.to + 3600e3 : 0;
    return (item.mine ? 0 : 4) + (troubled.has(item.id) ? -3 : 0) + (item.what === "constraint" ? 1 : 0) + away / 3600e3;
  };
  return things()
    .filter((item) => item.what !== "protected" && item.from < to && item.to > from)
    .map((item) => [score(item), item])
    .sort((a, b) => a[0] - b[0] || (a[1].label < b[1].label ? -1 : 1))
    .map(([, item]) => item);
}

/** Second line of a label: state, window or end, and band. */
export function subSentence(item) {
  const volume = item.volumes.find((v) => v.to > shown()) ?? item.volumes.at(-1);
  const values = {
    over: f.utc(item.to), window: f.span(item.from, item.to), until: f.utc(item.to), band: f.band(volume.lower, volume.upper),
    verified: item.item.verified ? f.date(f.ms(item.item.verified)) : code("—"),
  };
  if (item.what !== "protected" && item.to <= shown()) return ["sub.over", values];
  if (item.what === "protected") return [item.item.verified ? "sub.protected" : "sub.unverified", values];
  if (item.what === "constraint") return [item.from > now() ? "sub.planned" : "sub.constraint", values];
  return [`sub.${item.item.state}`, values];
}
export function titleOf(item) {
  if (item.what === "operation") return words.text(item.mine ? "label.mine" : "label.other", { label: item.label, activity: activity(item.item) });
  const describes = item.what === "protected" || item.label.includes(" ");
  return describes ? item.label : words.text("label.other", { label: item.label, activity: kindName(item.item) });
}
export { kindName };

/** The volume that stands for an item at a time, and how far one may see it from here. */
export const volumeAt = (item, t) => item.volumes.find((v) => v.from <= t && v.to > t) ?? item.volumes.find((v) => v.from > t) ?? item.volumes.at(-1);
