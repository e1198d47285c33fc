// The live watch as data. In: GET /v1/watch, `alert` events of the stream. Out: own tracks, open alerts, feeds, with their ages.
// Asked every two seconds while the stream lives and the node has feeds. What is gone from the answer is said to be gone.

import { Offline, Problem } from "./api.js";
import { $, h, sheet } from "./dom.js";
import * as cards from "./livecards.js";
import { direct } from "./geo.js";
import * as f from "./format.js";
import { changed, listen, world } from "./state.js";
import { t } from "./words.js";

const EVERY_MS = 2000;
const SOON_MS = 300;
const STALE_S = 10;
const STANDS_MS = 10000;
const EPOCH_MS = 1e11; // a clock that follows its feeds has told no time before the first report
const COAST_S = 30; // the node carries a place on along its course for so long (watch.together.COAST_S)
const GONE_MS = 300000;
const OVER_MAX = 12;
const OVER = new Set(["passed", "lost"]);
const GRAVE = new Set(["warned", "acknowledged", "happened"]);

let node = null;
let asking = false;
let again = false;
let later = 0;

/** The last answer, and when (performance.now) its sweep was first seen; null before the first. */
let answer = null;
let at = 0;
let base_ms = 0;
/** Alerts by id, own tracks by name: with when they were last told; over or gone ones stay for a while. */
const alerts = new Map();
const tracks = new Map();
const away = new Set();

const passed = (since) => (performance.now() - since) / 1000;
export const has = () => Boolean(answer && (answer.swept || answer.feeds.length));
/** Nothing older than this page's own link, and a watch that still sweeps. */
export const fresh = () => world.link === "live" && has() && performance.now() - at < STANDS_MS;
const feeds = () => answer?.feeds ?? [];
export const unsure = () => answer?.unsure ?? [];
export const troubled = () => feeds().filter((feed) => feed.state !== "UP");

function entered(id, view) {
  const before = alerts.get(id);
  const over = OVER.has(view.state);
  const lost = view.state === "lost";
  if (over && !(before && GRAVE.has(before.view.state) && (lost || !before.view.acknowledged_us) && !away.has(id))) return alerts.delete(id);
  if (over && before.over) return undefined;
  if (over) return alerts.set(id, { ...before, over: world.offset_ms + Date.now(), lost });
  away.delete(id);
  return alerts.set(id, { id, view, at: performance.now(), over: 0 });
}

function keep(found) {
  const ms = found.swept ? f.ms(found.swept) : 0;
  if (!answer || Math.abs(ms - base_ms) >= 100) [base_ms, at] = [ms, performance.now()];
  answer = found;
  const told = new Set();
  for (const { id, view } of found.alerts) (told.add(id), entered(id, view));
  for (const [id, alert] of alerts) if (!told.has(id) && !alert.over) entered(id, { ...alert.view, state: "passed" });
  const over = [...alerts.values()].filter((alert) => alert.over);
  for (const alert of over.slice(0, Math.max(0, over.length - OVER_MAX))) alerts.delete(alert.id);
  for (const track of tracks.values()) track.gone = true;
  for (const track of found.own) tracks.set(`${track.name}/${track.operation}`, { ...track, at, gone: false });
  for (const [key, track] of tracks) if (performance.now() - track.at > GONE_MS) tracks.delete(key);
}

const unheard = (error) => error instanceof Offline || error instanceof Problem || error instanceof TypeError || error.name === "AbortError";

/** The day's alerts as the ledger has them; null where the node does not answer. */
export async function day() {
  try {
    return await node.get("v1/alerts");
  } catch (error) {
    if (!unheard(error)) throw error;
    return null;
  }
}

/** Asks once, however many ask for it; who asks meanwhile has it done again. */
export async function refresh() {
  if (!node?.session || world.link !== "live") return;
  if (asking) {
    again = true;
    return;
  }
  asking = true;
  try {
    do {
      again = false;
      keep(await node.get("v1/watch"));
    } while (again);
    cards.news();
    changed();
  } catch (error) {
    if (!unheard(error)) throw error;
  } finally {
    asking = false;
  }
}

/** An alert on the stream stands at once; the rest of the picture follows. */
export function heard({ id, view }) {
  entered(id, view);
  cards.news();
  changed();
  clearTimeout(later);
  later = setTimeout(refresh, SOON_MS);
}

/** Seconds since a place was reported, as of now; it grows while nothing is heard. */
export const ageOf = (place, since) => place.age_s + passed(since);
const pointOf = (place) => [place.lon_deg, place.lat_deg];

/** Where a thing was last reported: what the node carried on for it is taken back. */
function reported(place) {
  if (!place.speed_m_s || place.track_deg === null || place.age_s <= 0) return pointOf(place);
  return direct(pointOf(place), place.track_deg + 180, place.speed_m_s * Math.min(place.age_s, COAST_S));
}

/** A thing to draw: stale ones stand where they were last reported, without a course. */
function sight(place, since, more) {
  const age_s = ageOf(place, since);
  const stale = age_s > STALE_S || world.link !== "live";
  return { ...more, place, age_s, stale, at: stale ? reported(place) : pointOf(place) };
}

/** Own tracks, also those that are gone from the picture for a while. */
export const own = () => [...tracks.values()].map((track) => sight(track.place, track.at, { track, gone: track.gone, name: track.callsign || track.name, mine: true }));
/** Every alert that is open, or over and not put away. */
export const all = () => [...alerts.values()];
/** The other side of open alerts, where it is told. */
export function others() {
  const known = new Map();
  for (const alert of all()) if (!alert.over && alert.view.theirs) known.set(alert.view.other || alert.id, sight(alert.view.theirs, alert.at, { alert, name: alert.view.other, mine: false }));
  return [...known.values()];
}
export const putAway = (id) => (away.add(id), alerts.delete(id), changed());
/** Seconds until something, counted on from when it was told; as told where nothing is heard any more. */
export const left = (alert, seconds) => Math.max(0, seconds - (fresh() ? passed(alert.at) : 0));

/** none: no feeds. waits: nothing was swept yet. lost: no link. stands: the node sweeps no more. live. */
export function state() {
  if (!has()) return "none";
  if (world.link !== "live") return "lost";
  if (base_ms < EPOCH_MS) return "waits";
  return fresh() ? "live" : "stands";
}

function status() {
  const place = $("#feeds") ?? $("#readout").parentNode.insertBefore(h("span", { id: "feeds" }), $("#readout"));
  const bad = troubled().length;
  const count = feeds().length;
  const now = state();
  place.hidden = !answer;
  place.className = now === "stands" || (bad && now !== "lost") ? "lost" : now === "lost" ? "doubt" : "opt2";
  const words = bad ? ["feeds.some", { up: count - bad, all: count }] : ["feeds.up", { count }];
  place.replaceChildren(...t(...({ none: ["feeds.none"], lost: ["feeds.lost"], stands: ["feeds.stands", { time: f.utc(base_ms, true) }] }[now] ?? words)));
}

/** When the last sweep was, in words. */
export const last = () => f.utc(base_ms, true);
/** As of when the picture is, in words; null while it is now. */
export const asOf = () => (fresh() || base_ms < EPOCH_MS ? null : f.utc(base_ms, true));

let link = "";
/** Begins once the rooms' words are there. */
export function begin(client) {
  node = client;
  sheet("live");
  cards.begin();
  listen(() => {
    if (world.link === "live" && link !== "live") refresh();
    link = world.link;
    status();
  });
  setInterval(() => has() && refresh(), EVERY_MS);
  setInterval(() => (status(), cards.beat()), 1000);
}
