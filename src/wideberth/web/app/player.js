// An encounter, played again. In: an animation.json of `wideberth encounter`, from this machine; nothing is sent anywhere.
// Out: both tracks from above, how far apart and how high, second by second. Refuses by a sentence what is no such file.
// What is shown is a frame of the file: between two of them nothing is invented.

import { $, h, s, sheet } from "./dom.js";
import * as f from "./format.js";
import { code, number, t, text } from "./words.js";

sheet("player");

const BYTES_MAX = 8e6;
const FRAMES_MAX = 50_000;
const COLUMNS = ["time_s", "lat_1", "lon_1", "alt_ft_1", "lat_2", "lon_2", "alt_ft_2", "horizontal_m", "vertical_ft", "closing_m_s"];
const [TIME, LAT, LON, ALT, ACROSS, HEIGHT, CLOSING] = [0, 1, 2, 3, 7, 8, 9];
const SPEEDS = [1, 5, 20, 60];
const MILE_M = 1852;
const FOOT_M = 0.3048;
const DEGREE_KM = 111.2;
const AROUND_S = 60;
const [WIDE, TALL, LOW] = [640, 230, 62];
const EDGE = 30;

// reading

const figure = (value) => value === null || (typeof value === "number" && Number.isFinite(value));
const within = (value, most) => value === null || Math.abs(value) <= most;
const sound = (row) => Array.isArray(row) && row.length === COLUMNS.length && row.every(figure) && row[TIME] !== null &&
  Math.abs(row[TIME]) < 8.64e12 && [LAT, LAT + 3].every((i) => within(row[i], 90)) && [LON, LON + 3].every((i) => within(row[i], 360));

/** The encounter in a file's text, or null where it is none. Everything in it is looked at; its names stay text. */
export function read(words) {
  let made = null;
  try {
    made = JSON.parse(words);
  } catch {
    return null;
  }
  const { version, names, minima, inside, nearest, columns, frames } = made ?? {};
  const right = version === 1 && Array.isArray(names) && names.length === 2 && names.every((n) => typeof n === "string" && n.length <= 80) &&
    typeof minima?.horizontal_m === "number" && typeof minima.vertical_ft === "number" && minima.horizontal_m > 0 && minima.vertical_ft > 0 &&
    Array.isArray(inside) && inside.length === 2 && [...inside, nearest].every(Number.isFinite) &&
    JSON.stringify(columns) === JSON.stringify(COLUMNS) && Array.isArray(frames) && frames.length > 1 && frames.length <= FRAMES_MAX &&
    frames.every(sound) && frames.every((row, i) => !i || row[TIME] > frames[i - 1][TIME]);
  const whole = right && frames.some((row) => place(row, 0)) && frames.some((row) => place(row, 1));
  return whole ? { names, minima, inside, nearest, frames } : null;
}

function place(row, side) {
  const [lat, lon] = [row[LAT + 3 * side], row[LON + 3 * side]];
  return lat === null || lon === null ? null : { lat, lon };
}

// drawing

/** Kilometres east and north of the middle, which is where the first of both is at the nearest moment. */
function plane(made) {
  const frame = made.frames.reduce((best, row) => (place(row, 0) && Math.abs(row[TIME] - made.nearest) < Math.abs(best[TIME] - made.nearest) ? row : best),
    made.frames.find((row) => place(row, 0)));
  const middle = place(frame, 0);
  const across = DEGREE_KM * Math.cos((middle.lat * Math.PI) / 180);
  return ({ lat, lon }) => [((((lon - middle.lon) % 360) + 540) % 360 - 180) * across, (lat - middle.lat) * DEGREE_KM];
}

/** How the plane is laid on the picture: all that is flown around the time when they are too near. */
function fitted(made) {
  const flat = plane(made);
  const near = made.frames.filter((row) => row[TIME] >= made.inside[0] - AROUND_S && row[TIME] <= made.inside[1] + AROUND_S);
  const points = (near.length ? near : made.frames).flatMap((row) => [0, 1].map((side) => place(row, side)).filter(Boolean).map(flat));
  const [east, north] = [0, 1].map((axis) => points.map((p) => p[axis])).map((row) => [Math.min(...row), Math.max(...row)]);
  const scale = Math.min((WIDE - 2 * EDGE) / Math.max(east[1] - east[0], 0.5), (TALL - 2 * EDGE) / Math.max(north[1] - north[0], 0.5));
  const at = (where) => {
    const [x, y] = flat(where);
    return [WIDE / 2 + (x - (east[0] + east[1]) / 2) * scale, TALL / 2 - (y - (north[0] + north[1]) / 2) * scale];
  };
  return { at, scale };
}

const path = (points) => points.reduce((d, p, i) => (p ? `${d}${i && points[i - 1] ? "L" : "M"}${p[0].toFixed(1)} ${p[1].toFixed(1)}` : d), "");
const MARKS = [{ d: "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0z", cls: "one" }, { d: "M-6-6H6V6H-6z", cls: "two" }];
const move = (element, point) => (point ? element.setAttribute("transform", `translate(${point[0].toFixed(1)} ${point[1].toFixed(1)})`) : undefined, element.toggleAttribute("hidden", !point));

function above(made) {
  const { at, scale } = fitted(made);
  const sides = [0, 1].map((side) => made.frames.map((row) => place(row, side)).map((where) => where && at(where)));
  const nearest = frameAt(made, made.nearest);
  const marks = MARKS.map((m) => s("path", { d: m.d, class: `mark ${m.cls}` }));
  const labels = made.names.map((name, side) => s("text", { class: `name ${MARKS[side].cls}`, x: 11, y: side ? 16 : -9 }, name || text("player.nameless")));
  const held = marks.map((mark, side) => s("g", {}, mark, labels[side]));
  const between = s("line", { class: "between" });
  const bar = [50, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1].find((miles) => (miles * MILE_M / 1000) * scale <= 160) ?? 0.1;
  const long = (bar * MILE_M / 1000) * scale;
  const svg = s("svg", { class: "above", viewBox: `0 0 ${WIDE} ${TALL}`, role: "img", "aria-label": text("player.above") },
    sides.map((points, side) => s("path", { class: `way ${MARKS[side].cls}`, d: path(points) })),
    sides.map((points, side) => points[nearest] && s("path", { class: `cross ${MARKS[side].cls}`, d: "M-5-5L5 5M-5 5L5-5", transform: `translate(${points[nearest].join(" ")})` })),
    between, held,
    s("path", { class: "bar", d: `M${WIDE - 14 - long} ${TALL - 10}h${long}m0-4v8m${-long} 0v-8` }), s("text", { class: "tick", x: WIDE - 14, y: TALL - 18, "text-anchor": "end" }, `${number(bar, bar < 1 ? 1 : 0)} NM`));
  const set = (i) => {
    held.forEach((g, side) => move(g, sides[side][i]));
    const [a, b] = [sides[0][i], sides[1][i]];
    between.toggleAttribute("hidden", !a || !b);
    if (a && b) for (const [name, value] of Object.entries({ x1: a[0], y1: a[1], x2: b[0], y2: b[1] })) between.setAttribute(name, value.toFixed(1));
  };
  return { svg, set };
}

/** A curve over time with its minimum as a dashed line. */
function curve(made, column, minimum, name, unit) {
  const [from, to] = [made.frames[0][TIME], made.frames.at(-1)[TIME]];
  const most = Math.max(minimum * 1.2, ...made.frames.map((row) => row[column] ?? 0).filter((v, i) => Math.abs(made.frames[i][TIME] - made.nearest) < 3 * AROUND_S));
  const x = (time) => EDGE + ((time - from) / (to - from)) * (WIDE - 2 * EDGE);
  const y = (value) => Math.max(4, LOW - 8 - (value / most) * (LOW - 20));
  const cursor = s("line", { class: "cursor", y1: 2, y2: LOW - 6 });
  const svg = s("svg", { class: "curve", viewBox: `0 0 ${WIDE} ${LOW}`, role: "img", "aria-label": text(name) },
    s("rect", { class: "inside", x: x(Math.max(from, made.inside[0])), width: Math.max(1, x(Math.min(to, made.inside[1])) - x(Math.max(from, made.inside[0]))), y: 2, height: LOW - 8 }),
    s("path", { class: "axis", d: `M${EDGE} ${LOW - 8}H${WIDE - EDGE}` }), s("path", { class: "least", d: `M${EDGE} ${y(minimum)}H${WIDE - EDGE}` }),
    s("text", { class: "tick", x: EDGE, y: y(minimum) - 3 }, unit(minimum)),
    s("path", { class: "line", d: path(made.frames.map((row) => (row[column] === null ? null : [x(row[TIME]), y(row[column])]))) }), cursor,
    s("text", { class: "tick", x: WIDE - EDGE, y: 12, "text-anchor": "end" }, text(name)));
  const set = (i) => ["x1", "x2"].forEach((name) => cursor.setAttribute(name, x(made.frames[i][TIME]).toFixed(1)));
  return { svg, set };
}

const clock = (time) => `${new Date(time * 1000).toISOString().slice(0, 19).replace("T", " ")}Z`;
const miles = (m) => `${number(m / MILE_M, m < MILE_M ? 2 : 1)} NM`;
const feet = (ft) => `${number(Math.round(ft))} ft`;
const frameAt = (made, time) => made.frames.reduce((best, row, i) => (Math.abs(row[TIME] - time) < Math.abs(made.frames[best][TIME] - time) ? i : best), 0);

// playing

function stage(made) {
  const drawings = [above(made), curve(made, ACROSS, made.minima.horizontal_m, "player.across", miles), curve(made, HEIGHT, made.minima.vertical_ft, "player.height", feet)];
  const last = made.frames.length - 1;
  const shown = Object.fromEntries(["time", "across", "height", "closing"].map((name) => [name, h("dd", { class: "n" })]));
  const slider = h("input", { type: "range", id: "player-at", min: 0, max: last, step: 1, value: 0, "aria-label": text("player.slider") });
  const speed = h("select", { id: "player-speed" }, SPEEDS.map((n) => h("option", { value: n }, `${n} ×`)));
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const play = h("button", { type: "button", class: "btn go", id: "player-play", hidden: still }, text("play"));
  const both = Math.max(0, made.frames.findIndex((row) => row[ACROSS] !== null));
  let [at, timer] = [frameAt(made, Math.max(made.frames[both][TIME], made.inside[0] - AROUND_S)), 0];

  const unknown = () => text("player.unknown");
  const look = (i) => {
    at = Math.min(last, Math.max(0, i));
    const row = made.frames[at];
    drawings.forEach((d) => d.set(at));
    slider.value = at;
    slider.setAttribute("aria-valuetext", clock(row[TIME]));
    shown.time.replaceChildren(clock(row[TIME]));
    shown.across.replaceChildren(row[ACROSS] === null ? unknown() : `${miles(row[ACROSS])} (${f.metres(row[ACROSS])})`);
    shown.height.replaceChildren(row[HEIGHT] === null ? unknown() : `${feet(row[HEIGHT])} (${f.metres(row[HEIGHT] * FOOT_M)})`);
    shown.closing.replaceChildren(row[CLOSING] === null ? unknown() : `${number(row[CLOSING], 0)} m/s`);
  };
  const pause = () => {
    clearTimeout(timer);
    timer = 0;
    play.textContent = text("play");
  };
  const step = () => {
    if (at >= last || !slider.isConnected) return pause();
    timer = setTimeout(() => (look(at + 1), step()), ((made.frames[at + 1][TIME] - made.frames[at][TIME]) * 1000) / Number(speed.value));
    return undefined;
  };
  play.addEventListener("click", () => {
    if (timer) return pause();
    if (at >= last) look(0);
    play.textContent = text("pause");
    return step();
  });
  slider.addEventListener("input", () => (pause(), look(Number(slider.value))));
  const jump = (id, key, to) => h("button", { type: "button", class: "btn", id, on: { click: () => (pause(), look(to())) } }, text(key));
  look(at);
  return h("div", { class: "stage" },
    drawings.map((d) => d.svg),
    h("dl", { class: "read" }, Object.entries(shown).map(([name, dd]) => h("div", {}, h("dt", {}, text(`player.${name}`)), dd))),
    slider,
    h("div", { class: "acts" }, play, jump("player-back", "player.back", () => at - 1), jump("player-ahead", "player.ahead", () => at + 1),
      jump("player-nearest", "player.nearest", () => frameAt(made, made.nearest)), !still && h("label", {}, h("span", {}, text("player.speed")), speed)));
}

/** Opens the dialog that asks for a file. */
export function show() {
  const dialog = $("#player") ?? document.body.appendChild(h("dialog", { id: "player", "aria-labelledby": "player-title" }));
  const wrong = h("p", { class: "problem", role: "alert", hidden: true });
  const room = h("div", { id: "player-room" });
  const open = async (file) => {
    const made = file.size <= BYTES_MAX ? read(await file.text()) : null;
    wrong.hidden = Boolean(made);
    wrong.replaceChildren(...(made ? [] : t("player.none", { name: code(file.name.slice(0, 80)) })));
    room.replaceChildren(...(made ? [stage(made)] : []));
  };
  const input = h("input", { type: "file", id: "player-file", "aria-label": text("player.file"), accept: ".json,application/json", on: { change: (event) => event.target.files[0] && open(event.target.files[0]) } });
  const drop = (event) => {
    event.preventDefault();
    if (event.type === "drop" && event.dataTransfer.files[0]) open(event.dataTransfer.files[0]);
  };
  dialog.replaceChildren(h("div", { on: { dragover: drop, drop } },
    h("h2", { id: "player-title" }, t("player.title")), h("p", {}, t("player.text")),
    input, wrong, room,
    h("div", { class: "acts" }, h("button", { type: "button", class: "btn", id: "player-close", on: { click: () => (room.replaceChildren(), dialog.close()) } }, t("close")))));
  dialog.showModal();
}
