// Time lanes and the altitude profile. In: the things nearest to the time shown. Out: lanes over four hours, bands side by side.

import { $, draw, forget, h, s } from "./dom.js";
import * as facts from "./facts.js";
import * as f from "./format.js";
import { now, set, shown, world } from "./state.js";
import { code, current, number, t, text } from "./words.js";

const MINUTE = 60e3;
const SPAN = 240;
const STEP = 15;
const REACH_H = 72;
export const LANE_KEYS = { back: -STEP, ahead: STEP };
let start = 0;

/** Where the four hours begin: an hour before now, or so that the time looked at stays in sight. */
function begin() {
  const half = 30 * MINUTE;
  const base = Math.floor(now() / half) * half - 2 * half;
  const look = shown();
  if (look < base + 10 * MINUTE) return Math.floor((look - 30 * MINUTE) / half) * half;
  if (look > base + (SPAN - 15) * MINUTE) return Math.floor((look - 150 * MINUTE) / half) * half;
  return base;
}
const minute = (time) => (time - start) / MINUTE;
const within = (v) => Math.max(-2, Math.min(SPAN + 2, v));

function axis(local) {
  const cells = [];
  for (let i = 0; i <= SPAN; i += 30) {
    const time = start + i * MINUTE;
    const covered = !local && [now(), world.look_ms].some((at) => at !== null && Math.abs(minute(at) - i) < 11);
    const words = covered ? "" : local ? String(f.localTime(time)) : `${f.utcPlain(time)}Z`;
    cells.push(h("span", { class: i === 0 ? "first" : i === SPAN ? "last" : "", vars: { "--a": i } }, words));
  }
  return h("div", { class: `lane ax n${local ? " low" : ""}` }, cells);
}

function bars(item) {
  const cls = `${item.mine ? " own" : ""}${item.style === "planned" ? " pl" : item.style === "held" || item.to < now() ? " end" : ""}`;
  const merged = [];
  for (const v of [...item.volumes].sort((a, b) => a.from - b.from)) {
    const tail = merged.at(-1);
    if (tail && v.from <= tail.to + MINUTE) tail.to = Math.max(tail.to, v.to);
    else merged.push({ from: v.from, to: v.to });
  }
  return merged.slice(0, 8).map((v) => h("i", { class: `bar${cls}`, vars: { "--a": within(minute(v.from)), "--b": within(minute(v.to)) } }));
}

function flags(item) {
  return facts.conflicts().filter((c) => facts.pressing(c) && c.mine.id === item.id).slice(0, 3).flatMap((c) => [
    h("span", { class: "flag", vars: { "--a": within(minute(f.ms(c.settle_by))) } }, s("svg", { viewBox: "0 0 13 16", width: 13, height: 16, "aria-hidden": "true" }, s("path", { class: "pole", d: "M11.500 0V16" }), s("path", { class: "cloth", d: "M11 1H1l3 4-3 4h10z" }))),
    ...c.places.slice(0, 4).map((p) => h("i", { class: "bar cf", vars: { "--a": within(minute(f.ms(p.start))), "--b": within(minute(f.ms(p.end))) } })),
  ]);
}

const rowsMax = () => (innerHeight >= 1000 ? 8 : 5);

function build() {
  const list = facts.relevant(shown(), start, start + SPAN * MINUTE);
  const most = rowsMax();
  const rows = list.slice(0, list.length > most ? most - 1 : most);
  const out = [h("div", { class: "lab" }, t("utc")), axis(false)];
  rows.forEach((item, i) => {
    const fold = i >= 3 ? " fold" : "";
    out.push(h("div", { class: `lab n${item.mine ? " own" : ""}${fold}` }, h("bdi", {}, item.label)), h("div", { class: `lane${fold}` }, bars(item), flags(item)));
  });
  if (!rows.length) out.push(h("div", { class: "lab" }), h("div", { class: "lane" }, t("lanes.empty")));
  if (list.length > rows.length) out.push(h("button", { type: "button", class: "morelane", "data-k": "lanes-more", on: { click: () => set({ as_table: true }) } }, t("lanes.more", { count: list.length - rows.length })));
  if (f.hasLocal()) out.push(h("div", { class: "lab" }, t("local")), axis(true));
  out.push(h("div", { class: "grid4" }, h("i", { class: "past", data: { at: "now" } }), h("i", { class: "now", data: { at: "now" } }), h("b", { class: "nowtag n", data: { at: "now", tag: "now" } }),
    world.look_ms !== null && [h("i", { class: "ahd", data: { at: "look" } }), h("b", { class: "nowtag n", data: { at: "look", tag: "look" } })]));
  return out;
}

export function render() {
  start = begin();
  const minute_now = Math.floor(now() / MINUTE);
  draw($("#lanes"), JSON.stringify([current(), world.view?.as_of.position, start, world.look_ms, minute_now, rowsMax(), f.hasLocal(), world.link === "lost"]), build);
  const last = world.tick ? f.utc(world.tick.time, true) : code("—");
  const looking = world.look_ms !== null;
  const state = world.link === "lost" ? ["look.lost", { time: last }] : looking ? [world.letters ? "look.at" : "look.at_plain", { time: f.utc(world.look_ms) }] : [world.letters ? "look.now" : "look.now_plain"];
  $("#look-state").replaceChildren(...t(...state));
  $("#play").replaceChildren(...t(world.playing ? "pause" : "play"));
  $("#play").setAttribute("aria-pressed", String(world.playing));
  const frame = $("#lookframe");
  frame.hidden = !looking;
  if (looking) {
    const away = world.look_ms - now();
    frame.firstElementChild.replaceChildren(...t(away >= 0 ? "look.ahead" : "look.behind", { time: f.utc(world.look_ms), lasting: f.minutes(Math.abs(away)) }));
  }
  profile();
  beat();
}

/** Moves the marks of now and of the time looked at. */
export function beat() {
  for (const element of document.querySelectorAll("#lanes [data-at]")) {
    const time = element.dataset.at === "now" ? now() : world.look_ms;
    if (time === null) continue;
    element.style.setProperty("--p", within(minute(time)));
    if (element.dataset.tag) element.textContent = f.utcPlain(time);
  }
}

/** The profile: bands of the nearest things, side by side. */
function profile() {
  const svg = $("#prof");
  const box = svg.parentNode.getBoundingClientRect();
  const key = world.look_ms === null ? ["altitude_now"] : ["altitude_at", { time: f.utc(world.look_ms) }];
  $("#prof-title").replaceChildren(...t(...key));
  if (box.width < 40 || box.height < 80) return;
  const columns = box.width < 190 ? 4 : 5;
  const list = facts.relevant(shown(), start, start + SPAN * MINUTE);
  const signature = JSON.stringify([current(), world.view?.as_of.position, Math.floor(shown() / MINUTE), Math.round(box.width), Math.round(box.height), world.land !== null]);
  draw(svg, signature, () => profileShapes(list, columns, box.width, box.height));
  svg.setAttribute("viewBox", `0 0 ${box.width} ${box.height}`);
  svg.setAttribute("aria-label", text("profile_label", { count: Math.min(columns, list.length) }));
}

function ceiling(list) {
  const tops = list.map((item) => f.altitude_m(facts.volumeAt(item, shown()).upper));
  return [3500, 5000, 7000, 10000, 14000].find((top) => tops.every((m) => m <= top)) ?? 14000;
}

function profileShapes(all, columns, width, height) {
  const list = all.slice(0, columns);
  const max = ceiling(list);
  const [top, bottom, left, right] = [26, height - 44, 50, width - 6];
  const y = (m) => bottom - ((bottom - top) * Math.max(0, Math.min(max, m))) / max;
  const column = (right - left) / columns;
  const step = max <= 5000 ? 500 : max <= 7000 ? 1000 : 2000;
  const out = [];
  for (let m = 0; m <= max; m += step) {
    out.push(s("path", { class: "rule", d: `M${left} ${y(m)}H${right}` }));
    if (m % (step * 2) === 0) out.push(s("text", { x: left - 6, y: y(m) + 4, "text-anchor": "end" }, m ? number(m) : "0 m"));
  }
  const ground = world.land?.ground_m;
  if (ground) out.push(s("rect", { class: "ground", x: left, y: y(ground), width: right - left, height: bottom - y(ground) }));
  list.forEach((item, i) => out.push(...columnShapes(item, left + i * column, column, y, bottom)));
  out.push(s("text", { x: 8, y: 14 }, text("altitude_unit")));
  if (all.length > list.length) out.push(s("text", { x: right, y: 14, "text-anchor": "end" }, text("profile.more", { count: all.length - list.length })));
  return out;
}

function columnShapes(item, x, column, y, bottom) {
  const volume = facts.volumeAt(item, shown());
  const [low, high] = [f.altitude_m(volume.lower), f.altitude_m(volume.upper)];
  const over = item.to <= shown();
  const style = over ? "held" : item.style === "hatched" ? "hatched" : item.style;
  const cls = `vol${item.mine ? " own" : ""} ${style}`;
  const rect = (a, b, from, part, name) => s("rect", { x: x + column * from, y: y(b), width: column * part, height: Math.max(2, y(a) - y(b)), class: name });
  const out = [rect(low, high, 0.2, 0.6, cls)];
  for (const conflict of facts.conflicts().filter((c) => facts.pressing(c) && c.mine.id === item.id).slice(0, 1)) {
    const place = facts.worst(conflict);
    out.push(rect(Math.max(low, f.altitude_m(place.lower)), Math.min(high, f.altitude_m(place.upper)) || high, 0.5, 0.3, "too-near"));
  }
  const [first, second] = item.label.split(/[-\s](.*)/);
  const own = item.mine ? "own" : null;
  out.push(s("text", { x: x + column / 2, y: bottom + 16, "text-anchor": "middle", class: own }, shorten(first)));
  if (second) out.push(s("text", { x: x + column / 2, y: bottom + 31, "text-anchor": "middle" }, shorten(second)));
  return out;
}
const shorten = (words) => (words.length > 5 ? `${words.slice(0, 4)}…` : words);

/** Looks at another time; null is now. */
export function look(time) {
  const reach = REACH_H * 3600e3;
  const clamped = time === null ? null : Math.min(now() + reach, Math.max(now() - reach, time));
  set({ look_ms: clamped !== null && Math.abs(clamped - now()) < MINUTE / 2 ? null : clamped, playing: time === null ? false : world.playing });
}
export const shift = (minutes) => look(Math.round(shown() / (STEP * MINUTE)) * STEP * MINUTE + minutes * MINUTE);

/** Play: five minutes each second, until six hours ahead. */
export function play() {
  set({ playing: !world.playing });
}
export function playOn() {
  if (!world.playing) return;
  if (shown() > now() + 6 * 3600e3) return set({ playing: false });
  return look(shown() + 5 * MINUTE);
}

/** Dragging on the lanes; the buttons and keys do the same in steps. */
export function listenToDrag() {
  const lanes = $("#lanes");
  let held = false;
  const toTime = (event) => {
    const grid = $(".grid4", lanes).getBoundingClientRect();
    return start + (SPAN * MINUTE * (event.clientX - grid.left)) / grid.width;
  };
  lanes.addEventListener("pointerdown", (event) => {
    if (event.target.closest("button") || event.button !== 0) return;
    const grid = $(".grid4", lanes).getBoundingClientRect();
    if (event.clientX < grid.left) return;
    held = true;
    look(toTime(event));
  });
  addEventListener("pointermove", (event) => held && look(toTime(event)));
  addEventListener("pointerup", () => (held = false));
  addEventListener("pointercancel", () => (held = false));
  addEventListener("resize", () => (forget($("#prof")), render()));
}
