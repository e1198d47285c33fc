// Tracks on the map and in the table. In: live.js. Out: marks with a course line of one minute and an age; rows.
// A stale track stands where it was last reported, dashed, without a course. Ahead of now there are no tracks.

import { h, s } from "./dom.js";
import * as facts from "./facts.js";
import * as f from "./format.js";
import { direct } from "./geo.js";
import * as live from "./live.js";
import { goingOf, levelOf, title } from "./livecards.js";
import { world } from "./state.js";
import { code, number, t, text } from "./words.js";

const COURSE_S = 60;
const hexOf = (id) => id.replaceAll("-", "");

/** Own tracks, and the other sides of open alerts; one thing once. */
function sights() {
  if (world.look_ms !== null) return [];
  const own = live.own();
  const names = new Set(own.map((track) => track.name));
  return [...own, ...live.others().filter((track) => !names.has(track.name))];
}
/** Whether an alert that is open and near concerns it. */
const grave = (sight) => live.all().some(({ view, over }) => !over && view.state !== "predicted" && [view.own, view.other].includes(sight.name) && sight.name);

const ageWord = (sight) => text(sight.gone ? "track.gone" : sight.stale ? "track.stale" : "track.age", { age: f.lasting(sight.age_s * 1000) });
const ground = (sight) => (sight.track?.on_ground ? text("track.ground") : text(...levelOf(sight.place)));
/** On the map, where there is little room: the height alone. */
const short = (sight) => (sight.track?.on_ground ? text("track.ground") : sight.place.baro_ft !== null ? text("track.feet", { feet: code(number(sight.place.baro_ft)) }) : text(...levelOf(sight.place)));

/** For marks.js: like its other marks, with where the course leads. */
export function marks() {
  return sights().map((sight) => {
    const { speed_m_s: speed, track_deg: course } = sight.place;
    const moves = !sight.stale && !sight.gone && speed > 0 && course !== null && !sight.track?.on_ground;
    return {
      at: sight.at, to: moves ? direct(sight.at, course, speed * COURSE_S) : null, rank: grave(sight) ? -1 : 0.5, kind: "track", sight, reach: 10, grave: grave(sight),
      text: [{ cls: "b", words: sight.name || text("alert.aircraft") }, { cls: "lo", words: text("track.line", { level: short(sight), age: ageWord(sight) }) }],
    };
  });
}

/** A pointed shape along the course, a ring where there is none; the line is as long as a minute. */
export function sign({ sight, grave: is_grave }, to) {
  const cls = `${sight.mine ? "" : " theirs"}${is_grave ? " grave" : ""}`;
  if (!to) return [s("circle", { class: `craft${cls}${sight.stale || sight.gone ? " stale" : ""}`, r: 7 })];
  const turn = (Math.atan2(to[0], -to[1]) * 180) / Math.PI;
  return [s("path", { class: `course${cls}`, d: `M0 0L${to[0].toFixed(1)} ${to[1].toFixed(1)}` }), s("path", { class: `craft${cls}`, d: "M0-10 6.500 8 0 4.500-6.500 8Z", transform: `rotate(${turn.toFixed(0)})` })];
}

/** Where the words of a track may stand, best first. */
export const places = (r, height) => [["start", r + 4, -4], ["end", -r - 4, -4], ["middle", 0, r + 14], ["middle", 0, -r - height + 8], ["start", r + 4, 20], ["end", -r - 4, 20], ["start", r + 4, -r - height + 10], ["end", -r - 4, -r - height + 10], ["middle", 0, r + 44]];

const COLUMNS = ["col.track", "col.plan", "col.where", "col.level", "col.going", "col.age"];

function row(sight) {
  const plan = sight.track && facts.things().find((item) => hexOf(item.id) === sight.track.operation.split("/").at(-1));
  const doubts = (sight.track?.flags ?? []).map((flag) => t(`doubt.${flag}`));
  return h("tr", { class: sight.mine ? "mine" : "" },
    h("td", {}, t("plain", { value: code(sight.name || text("alert.aircraft")) }), sight.track?.callsign && sight.track.name !== sight.name ? [h("br"), h("span", { class: "muted" }, t("plain", { value: code(sight.track.name) }))] : []),
    h("td", {}, plan ? t("plain", { value: code(plan.label) }) : sight.mine ? t("track.no_plan") : t(...title(sight.alert))),
    h("td", {}, t(...facts.whereSentence(sight.at))),
    h("td", {}, ground(sight)),
    h("td", {}, t(...goingOf(sight.place))),
    h("td", {}, ageWord(sight), doubts.length > 0 && [h("br"), h("span", {}, t("alert.doubt"), t("space"), doubts)]));
}

/** The tracks as a table of their own, above that of plans. */
export function table() {
  const list = sights();
  if (!list.length) return [];
  const as_of = live.asOf();
  return [h("table", { class: "tracks" }, h("caption", {}, as_of ? t("tracks.as_of", { count: list.length, time: as_of }) : t("tracks.caption", { count: list.length })),
    h("thead", {}, h("tr", {}, COLUMNS.map((c) => h("th", { scope: "col" }, t(c))))),
    h("tbody", {}, list.map(row)))];
}
/** What the table of tracks is drawn from. */
export const stamp = () => sights().map((sight) => [sight.name, sight.at, Math.round(sight.age_s), sight.stale, sight.gone]);
