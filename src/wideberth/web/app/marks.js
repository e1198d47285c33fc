// Names and signs on the map at constant size. In: things, towns, conflicts, and the map's projection. Out: an SVG on top.
// What has no room is left out, least important first; everything is in the table (key T).

import * as actions from "./actions.js";
import { $, s } from "./dom.js";
import * as facts from "./facts.js";
import * as f from "./format.js";
import { centre, ringOf } from "./geo.js";
import * as map from "./map.js";
import { shown, world } from "./state.js";
import * as tracks from "./tracks.js";
import { code, text } from "./words.js";

const MARKS_MAX = 70;
const PAD_PX = 4;
const LINE_PX = 15;
let wanted = false;

const lines = (marks) => marks.filter(Boolean);

function conflictMarks() {
  return facts.conflicts().filter(facts.pressing).map((conflict) => ({
    at: facts.pointOf(facts.worst(conflict)), rank: 0, kind: "conflict", conflict, reach: 18,
    text: [{ cls: "b", words: conflict.label }, { cls: "", words: text("settle_by", { until: f.utc(f.ms(conflict.settle_by)) }) }],
  }));
}

function thingMarks() {
  return map.drawn().map((item) => {
    const volume = facts.volumeAt(item, shown());
    const place = item.what === "protected";
    return {
      at: place ? centre(volume.ring) : null, ring: volume.ring, rank: item.mine ? 1 : item.what === "constraint" ? 3 : 4, kind: place ? "place" : "thing", item, reach: place ? 17 : 0,
      text: lines([{ cls: "b", words: facts.titleOf(item) }, { cls: "lo", words: text(...facts.subSentence(item)) }]),
    };
  });
}

function landMarks() {
  const towns = (world.land?.gazetteer ?? []).map((town) => ({ at: [town.lon, town.lat], rank: 6, kind: "town", reach: 7, text: [{ cls: "", words: town.name }] }));
  const names = (world.land?.countries ?? []).map((c) => ({ at: [c.lon, c.lat], rank: 7, kind: "country", reach: 0, text: [{ cls: "country", words: c.name.toUpperCase() }] }));
  const areas = (world.theatre?.charter.areas ?? []).map((area) => ({ at: null, ring: ringOf(area.outline), rank: 8, kind: "area", reach: 0, text: [{ cls: "lo", words: area.name }] }));
  return [...towns, ...names, ...areas];
}

/** Where the words may stand round a point, best first: [anchor, x, y of the first baseline]. */
function places(mark, box, height) {
  const r = mark.reach;
  if (mark.kind === "country") return [["middle", 0, 5]];
  if (mark.kind === "conflict") return [["middle", 0, 52], ["start", 24, 0], ["end", -24, 0], ["middle", 0, -22 - height + LINE_PX]];
  if (mark.kind === "track") return tracks.places(r, height);
  if (box) {
    const [w, h] = [(box[2] - box[0]) / 2, (box[3] - box[1]) / 2];
    return [["middle", 0, h + 17], ["middle", 0, -h - height + 7], ["middle", 0, 0], ["end", -w - 8, 0], ["start", w + 8, 0]];
  }
  return [["start", r + 4, mark.text.length > 1 ? -4 : 4], ["end", -r - 4, mark.text.length > 1 ? -4 : 4], ["middle", 0, r + 14], ["middle", 0, -r - height + 8]];
}

const pen = document.createElement("canvas").getContext("2d");
const widths = new Map();
/** The width of a line of a label in pixels, measured in its own type. */
function widthOf({ cls, words }) {
  const key = `${cls}|${words}`;
  if (!widths.has(key)) {
    const size = cls === "country" ? 14 : 12.5;
    pen.font = `${cls === "b" ? 700 : 400} ${size}px "Noto Sans",system-ui,sans-serif`;
    if (widths.size > 2000) widths.clear();
    widths.set(key, pen.measureText(words).width + (cls === "country" ? words.length * size * 0.34 : PAD_PX));
  }
  return widths.get(key);
}

function rectOf([anchor, x, y], width, height) {
  const left = anchor === "middle" ? x - width / 2 : anchor === "end" ? x - width : x;
  return [left - 2, y - 12, left + width + 2, y - 12 + height + 2];
}
const hits = (a, b) => a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1];

function sign(mark, to) {
  if (mark.kind === "track") return tracks.sign(mark, to);
  if (mark.kind === "town") return [s("rect", { class: "town", x: -4, y: -4, width: 8, height: 8 })];
  if (mark.kind === "place") return [s("rect", { class: "hbox", x: -11, y: -11, width: 22, height: 22 }), s("rect", { class: "hring", x: -14.5, y: -14.5, width: 29, height: 29 }), mark.item.item.kind === "hospital" && s("text", { class: "hletter", "text-anchor": "middle", y: 5 }, "H")].filter(Boolean);
  if (mark.kind === "conflict") return [s("path", { class: "dia", d: "M0-14.500 14.500 0 0 14.500-14.500 0Z" }), s("text", { class: "bang", "text-anchor": "middle", y: 5 }, "!")];
  return [];
}
const signBox = (mark) => (mark.reach ? [-mark.reach, -mark.reach, mark.reach, mark.reach] : null);

/** Projects, places without overlap, draws. */
function render() {
  const gl = map.get();
  const svg = $("#marks");
  if (!gl || world.as_table) return svg.replaceChildren();
  const { clientWidth: width, clientHeight: height } = svg;
  const bottom = $("#key").offsetHeight;
  const taken = [[0, 0, 56, 124]];
  const out = [];
  const marks = [...conflictMarks(), ...tracks.marks(), ...thingMarks(), ...landMarks()].sort((a, b) => a.rank - b.rank);
  const project = (point) => {
    const p = gl.project(point);
    return [p.x, p.y];
  };
  const placed = [];
  for (const mark of marks) {
    const ring = mark.ring && !mark.at ? mark.ring.map(project) : null;
    const box = ring && [Math.min(...ring.map((p) => p[0])), Math.min(...ring.map((p) => p[1])), Math.max(...ring.map((p) => p[0])), Math.max(...ring.map((p) => p[1]))];
    const [x, y] = box ? [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2] : project(mark.at);
    if (x < -40 || y < -40 || x > width + 40 || y > height + 40) continue;
    const own = signBox(mark)?.map((v, i) => v + (i % 2 ? y : x));
    if (own && mark.kind === "town" && taken.some((other) => hits(own, other))) continue;
    if (own) taken.push(own);
    const end = mark.to && project(mark.to);
    placed.push({ mark, box, x, y, to: end && [end[0] - x, end[1] - y] });
  }
  for (const { mark, box, x, y, to } of placed) {
    if (out.length >= MARKS_MAX) break;
    const size = [Math.max(...mark.text.map(widthOf)), mark.text.length * LINE_PX];
    const own = signBox(mark)?.map((v, i) => v + (i % 2 ? y : x));
    const free = places(mark, box, size[1]).find((place) => {
      const rect = rectOf(place, ...size).map((v, i) => v + (i % 2 ? y : x));
      const inside = rect[0] > 2 && rect[1] > 2 && rect[2] < width - 2 && rect[3] < height - bottom - 2;
      return inside && !taken.some((other) => hits(rect, other) && !(own && own.every((v, i) => v === other[i]))) && taken.push(rect);
    });
    if (!free && !signBox(mark)) continue;
    const g = s("g", { transform: `translate(${x.toFixed(1)},${y.toFixed(1)})`, class: mark.kind === "conflict" ? "hit" : null }, sign(mark, to),
      free && mark.text.map((line, i) => s("text", { class: line.cls || null, "text-anchor": free[0], x: free[1], y: free[2] + i * LINE_PX }, line.words)));
    if (mark.conflict) g.addEventListener("click", () => actions.openConflict(mark.conflict.id));
    out.push(g);
  }
  svg.replaceChildren(...out.reverse());
  const bar = map.scale();
  $("#scale-text").textContent = text("scale", { km: code(bar.km), nm: code((bar.km / 1.852).toFixed(bar.km < 20 ? 1 : 0)) });
  $("#scale-bar").style.setProperty("--w", `${bar.px.toFixed(0)}px`);
  return undefined;
}

/** Draws once in the next frame, however often it is asked. */
export function soon() {
  if (wanted) return;
  wanted = true;
  requestAnimationFrame(() => {
    wanted = false;
    render();
  });
}
