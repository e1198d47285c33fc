// Times, heights, distances as people read them. In: ms, metres, seconds. Out: codes (left to right in every language).
// UTC with Z and local beside it; thousands by narrow space; unit and, where it matters, reference.

import { now, world } from "./state.js";
import { code, current, number, text } from "./words.js";

const FOOT_M = 0.3048;
const MILE_M = 1852;
export const ms = (time) => Date.parse(time);

const two = (n) => String(n).padStart(2, "0");
function day(date) {
  const months = new Intl.DateTimeFormat(current(), { month: "short", timeZone: "UTC" });
  const name = months.format(date);
  return current() === "de" ? `${date.getUTCDate()}. ${name}` : `${date.getUTCDate()} ${name}`;
}
const sameDay = (a, b) => Math.floor(a / 864e5) === Math.floor(b / 864e5);
const hm = (t, seconds) => {
  const date = new Date(t);
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}${seconds ? `:${two(date.getUTCSeconds())}` : ""}`;
};

export const isoDay = (t) => new Date(t).toISOString().slice(0, 10);
/** 06:25Z; with the day where it is not today. */
export function utc(t, seconds = false) {
  const clock = `${hm(t, seconds)}Z`;
  return code(sameDay(t, now()) ? clock : `${day(new Date(t))} ${clock}`);
}
export const utcPlain = (t) => hm(t, false);
export const date = (t) => code(day(new Date(t)));
/** 06:42–06:58Z */
export function span(from, to) {
  const start = sameDay(from, now()) ? hm(from) : `${day(new Date(from))} ${hm(from)}`;
  const end = sameDay(from, to) ? hm(to) : `${day(new Date(to))} ${hm(to)}`;
  return code(`${start}–${end}Z`);
}
export const hasLocal = () => Boolean(world.theatre?.local);
const local_ms = () => (world.theatre?.local?.offset_s ?? 0) * 1000;
export const localTime = (t, seconds = false) => code(hm(t + local_ms(), seconds));
export const localSpan = (from, to) => code(`${hm(from + local_ms())}–${hm(to + local_ms())}`);
/** The offset as people write it: UTC−3, UTC+5:30. */
export function zone() {
  const minutes = Math.round(local_ms() / 60000);
  const size = Math.abs(minutes);
  const part = size % 60 ? `:${two(size % 60)}` : "";
  return code(`UTC${minutes < 0 ? "\u2212" : "+"}${Math.floor(size / 60)}${part}`);
}

/** How long, in the two largest units: 12 s, 6 min 38 s, 2 h 5 min, 3 d 4 h. */
export function lasting(milliseconds) {
  const s = Math.max(0, Math.floor(milliseconds / 1000));
  if (s < 60) return code(`${s} s`);
  if (s < 3600) return code(`${Math.floor(s / 60)} min${s % 60 ? ` ${s % 60} s` : ""}`);
  if (s < 86400) return code(`${Math.floor(s / 3600)} h${Math.floor((s % 3600) / 60) ? ` ${Math.floor((s % 3600) / 60)} min` : ""}`);
  return code(`${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`);
}
export const minutes = (milliseconds) => code(`${Math.round(milliseconds / 60000)} min`);
/** 12:20 as a countdown; 3:12:20 above an hour. */
export function countdown(milliseconds) {
  const s = Math.max(0, Math.ceil(milliseconds / 1000));
  const tail = `${two(Math.floor((s % 3600) / 60))}:${two(s % 60)}`;
  return s < 3600 ? tail.replace(/^0(?=\d:)/, "") : s < 86400 ? `${Math.floor(s / 3600)}:${tail}` : String(lasting(milliseconds));
}
export const seconds = (milliseconds) => code(`${number(Math.abs(milliseconds) / 1000, 1)} s`);

export const km = (m) => code(`${number(m / 1000, 1)} km`);
export const bearing = (deg) => code(`${String(Math.round(deg) % 360).padStart(3, "0")}°`);
export const metres = (m) => code(`${number(Math.round(m))} m`);

const inMiles = (minimum_m) => Math.abs(minimum_m / MILE_M - Math.round((minimum_m / MILE_M) * 2) / 2) < 0.005;
const inFeet = (minimum_m) => Math.abs(minimum_m / FOOT_M / 100 - Math.round(minimum_m / FOOT_M / 100)) < 0.01;
const feet = (m) => Math.round(m / FOOT_M / 10) * 10;

/** A horizontal minimum in the unit in which the charter thinks. */
export const minimumAcross = (m) => m <= 0 ? text("no_overlap.across") : code(inMiles(m) ? `${number(m / MILE_M, m % MILE_M < 1 ? 0 : 1)} NM` : m < 1000 ? `${number(m)} m` : `${number(m / 1000, 1)} km`);
export const minimumHeight = (m) => m <= 0 ? text("no_overlap.height") : code(inFeet(m) ? `${number(feet(m))} ft` : `${number(m)} m`);
/** A gap, in the unit of its minimum, the other unit in brackets. */
export const gapHeight = (m, minimum_m) => code(inFeet(minimum_m) ? `${number(feet(m))} ft (${number(Math.round(m))} m)` : `${number(Math.round(m))} m (${number(feet(m))} ft)`);
export const gapAcross = (m, minimum_m) => code(inMiles(minimum_m) ? `${number(m / MILE_M, 1)} NM (${number(m / 1000, 1)} km)` : `${number(m / 1000, 1)} km (${number(m / MILE_M, 1)} NM)`);
/** "450 / 3 000 ft", for the bars. */
export const ofHeight = (m, minimum_m) => minimum_m <= 0 ? text("no_overlap.bar") : code(inFeet(minimum_m) ? `${number(feet(Math.max(0, m)))} / ${number(feet(minimum_m))} ft` : `${number(Math.round(Math.max(0, m)))} / ${number(minimum_m)} m`);
export const ofAcross = (m, minimum_m) =>
  minimum_m <= 0 ? text("no_overlap.bar") : code(inMiles(minimum_m) ? `${number(Math.max(0, m) / MILE_M, 1)} / ${number(minimum_m / MILE_M, minimum_m % MILE_M < 1 ? 0 : 1)} NM` : `${number(Math.max(0, m) / 1000, 1)} / ${number(minimum_m / 1000, 1)} km`);

/** Metres of an altitude as the wire gives it. */
export const altitude_m = (altitude) => (altitude.unit === "FT" ? altitude.value * FOOT_M : altitude.value);
/** 1 200–1 500 m, or ground–3 000 m where the band stands on the ground that the land file names */
export function band(lower, upper) {
  const [low, high] = [altitude_m(lower), altitude_m(upper)];
  const ground_m = world.land?.ground_m ?? 0;
  if (low <= ground_m && high > ground_m) return code(`${text("ground")}–${number(Math.round(high))} m`);
  return code(`${number(Math.round(low))}–${number(Math.round(high))} m`);
}
export const bandMoved = (lower, upper, by_m) =>
  code(`${number(Math.round(altitude_m(lower) + by_m))}–${number(Math.round(altitude_m(upper) + by_m))} m`);
export const bandFeet = (lower, upper) => code(`${number(feet(Math.max(0, altitude_m(lower))))}–${number(feet(altitude_m(upper)))} ft`);
export const bandLong = (lower, upper) => code(`${band(lower, upper)} (${bandFeet(lower, upper)})`);

/** "+25 min", "−780 m": what a shift costs. */
export function shiftCost(change) {
  const out = [];
  const signed = (value, unit) => `${value < 0 ? "\u2212" : "+"}${number(Math.abs(value))} ${unit}`;
  if (change.start_s) out.push(signed(Math.round(change.start_s / 60), "min"));
  if (change.altitude_m) out.push(signed(Math.round(change.altitude_m), "m"));
  return code(out.join(", "));
}
