// The two drawings of the Conflicts room. In: a conflict and its nearest place. Out: SVG elements.
// Only what may be seen is drawn: one's own volumes, and the overlap, own part or cell that the node disclosed.

import { s } from "./dom.js";
import * as facts from "./facts.js";
import * as f from "./format.js";
import { bounds, centre, clip, ringOfPlace, sides } from "./geo.js";
import { world } from "./state.js";
import { code, number, text } from "./words.js";

const RAD = Math.PI / 180;
const W = 560;
const H = 226;

/** A local plane: x and y in drawing units from [lon, lat], framing the box with a margin. */
function plane(box) {
  const lat = (box[1] + box[3]) / 2;
  const kx = Math.cos(lat * RAD);
  const width = Math.max((box[2] - box[0]) * kx, 1e-6);
  const height = Math.max(box[3] - box[1], 1e-6);
  const scale = Math.min((W * 0.62) / width, (H * 0.66) / height);
  const [cx, cy] = [(box[0] + box[2]) / 2, lat];
  const to = ([lon, y]) => [W / 2 + (lon - cx) * kx * scale, H / 2 - (y - cy) * scale];
  const reach = [cx - (W / 2 + 20) / scale / kx, cy - (H / 2 + 20) / scale, cx + (W / 2 + 20) / scale / kx, cy + (H / 2 + 20) / scale];
  return { to, reach, metre: scale / 111080 };
}
const d = (points, to, close) => (points.length ? `M${points.map((p) => to(p).map((v) => v.toFixed(1)).join(" ")).join("L")}${close ? "Z" : ""}` : "");

function landscape({ to, reach, metre }) {
  const out = [s("rect", { width: W, height: H, class: world.land ? "m-sea" : "m-land" })];
  for (const { properties, geometry } of world.land?.layers.features ?? []) {
    if (geometry.type === "MultiPolygon") {
      const path = geometry.coordinates.flatMap((polygon) => polygon.map((ring) => d(clip(ring.slice(0, -1), reach), to, true))).join("");
      if (path) out.push(s("path", { d: path, class: `m-${properties.kind}`, "fill-rule": "evenodd" }));
    } else if (near(geometry.coordinates, reach)) {
      const width = properties.kind === "river" ? Math.max(1.5, properties.width * 50 * metre) : undefined;
      out.push(s("path", { d: d(geometry.coordinates, to, false), class: `m-${properties.kind}`, "stroke-width": width }));
    }
  }
  return out;
}
function near(line, reach) {
  const { box } = bounds([line]);
  return box[0] < reach[2] && box[2] > reach[0] && box[1] < reach[3] && box[3] > reach[1];
}

const itemOf = (id) => facts.things().find((item) => item.id === id);
const byLabel = (side) => side.label && facts.things().find((item) => item.label === side.label && item.party === side.party);
const classOf = (item) => `vol${item.mine ? " own" : ""}${item.style === "planned" ? " planned" : item.style === "hatched" ? " hatched" : item.style === "place" ? " place" : item.style === "held" ? " held" : ""}`;

/** The name of one's own plan, in the part of it that shows left of the middle; else in the corner. */
function ownLabel(mine, { to, reach }) {
  const left = [reach[0], reach[1], reach[0] + (reach[2] - reach[0]) * 0.28, reach[3]];
  const part = mine.volumes.map((v) => clip(v.ring.slice(0, -1), left)).find((ring) => ring.length > 2);
  const [x, y] = part ? to(centre(part)) : [24, H - 12];
  return s("text", { x: Math.max(24, x - 34), y: y + 4, class: "b" }, mine.label);
}

/** From above: the place that is too near, and what one holds oneself round it. */
export function fromAbove(conflict, place) {
  const ring = ringOfPlace(place);
  const frame = plane(bounds([ring]).box);
  const { to } = frame;
  const mine = itemOf(conflict.mine.id);
  const other = itemOf(conflict.other.id ?? "") ?? byLabel(conflict.other);
  const shapes = [mine, other].filter(Boolean).flatMap((item) => item.volumes.slice(0, 40).map((v) => s("path", { d: d(clip(v.ring.slice(0, -1), frame.reach), to, true), class: classOf(item) })));
  const [x, y] = to(centre(ring));
  const [long, short] = sides(ring);
  const note = other ? null : conflict.other.what === "protected" ? text("above.cell") : place.shows === "own-part" ? text("above.own_part") : text("above.undisclosed", { party: facts.otherName(conflict) });
  const label = mine && ownLabel(mine, frame);
  return s("svg", { class: "mini", viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": text("above.label", { mine: code(conflict.mine.label), long: code(number(long / 1000, 1)), short: code(number(short / 1000, 1)) }) },
    landscape(frame), shapes, s("path", { d: d(ring, to, true), class: `too-near${facts.open(conflict) ? "" : " calm2"}` }), label,
    s("text", { x, y: y - 2, "text-anchor": "middle", class: "b" }, text(facts.open(conflict) ? "above.here" : "above.was_here")),
    s("text", { x, y: y + 15, "text-anchor": "middle", class: "n" }, `${number(long / 1000, 1)} × ${number(short / 1000, 1)} km`),
    note && s("text", { x: W - 12, y: 22, "text-anchor": "end" }, note));
}

/** A rounded step for an axis with three or four lines. */
function steps(low, high) {
  const raw = (high - low) / 3;
  const size = 10 ** Math.floor(Math.log10(Math.max(1, raw)));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * size).find((v) => v >= raw) ?? size * 10;
  const out = [];
  for (let v = Math.floor(low / step) * step; v <= high + step * 0.01; v += step) out.push(v);
  return out;
}

/** Whether the other lies above or below, where its own plan is open to us; else it is not known and not drawn. */
function side(conflict, low, high) {
  const other = itemOf(conflict.other.id ?? "") ?? byLabel(conflict.other);
  if (!other) return null;
  if (other.volumes.every((v) => f.altitude_m(v.lower) >= high)) return "above";
  return other.volumes.every((v) => f.altitude_m(v.upper) <= low) ? "below" : null;
}

function gapShapes(where, spot, y, [low, high], gap) {
  const edge = where === "below" ? low : high;
  const far = where === "below" ? low - gap : high + gap;
  const words = text(where ? `side.${where}` : "side.nearest", { metres: f.metres(gap) });
  const label = s("text", { x: 546, y: Math.max(14, y(high + (where === "below" ? 0 : gap)) - 9), "text-anchor": "end", class: "onsurface" }, words);
  if (!where) return [label];
  return [s("path", { class: "reach", d: `M${spot - 62} ${y(far)}H${spot + 62}` }), s("path", { class: "leadline", d: `M${spot} ${y(far)}V${y(edge)}` }), label];
}

/** From the side: bands in metres along the longer side of one's own volumes. */
export function fromTheSide(conflict, place) {
  const mine = itemOf(conflict.mine.id);
  const [low, high] = [f.altitude_m(place.lower), f.altitude_m(place.upper)];
  const gap = Math.max(0, place.vertical_m);
  const bandsOf = (mine?.volumes ?? []).slice(0, 60);
  const all = [low, high, high + gap, ...bandsOf.flatMap((v) => [f.altitude_m(v.lower), f.altitude_m(v.upper)])];
  const ground = world.land?.ground_m ?? 0;
  const lines = steps(Math.max(0, Math.min(...all, ground + 1) - 200), Math.max(...all) + 500);
  const [bottom, top] = [lines[0], lines.at(-1)];
  const y = (m) => 128 - (110 * (m - bottom)) / Math.max(1, top - bottom);
  const { box } = bounds([...bandsOf.map((v) => v.ring), ringOfPlace(place)]);
  const along = box[2] - box[0] > box[3] - box[1] ? 0 : 1;
  const x = (v) => 60 + (470 * (v - box[along])) / Math.max(1e-9, box[along + 2] - box[along]);
  const rect = (ring, a, b, cls) => {
    const values = ring.map((p) => x(p[along]));
    const [from, to] = [Math.min(...values), Math.max(...values)];
    return s("rect", { x: from.toFixed(1), y: y(b).toFixed(1), width: Math.max(2, to - from).toFixed(1), height: Math.max(2, y(a) - y(b)).toFixed(1), class: cls });
  };
  const ring = ringOfPlace(place);
  const spot = x(centre(ring)[along]);
  const reach = gap > 0 ? gapShapes(side(conflict, low, high), spot, y, [low, high], gap) : [];
  const own = bandsOf[0];
  return s("svg", { class: "mini", viewBox: "-16 0 576 150", role: "img", "aria-label": text("side.label", { gap: f.metres(gap) }) },
    s("rect", { x: -16, width: 576, height: 150, class: "paper" }),
    ground > bottom ? s("rect", { x: 44, y: y(ground), width: 496, height: 150 - y(ground), class: "ground2" }) : null,
    lines.map((v) => s("path", { class: "rule", d: `M44 ${y(v).toFixed(1)}H540` })),
    lines.map((v) => s("text", { x: 38, y: y(v) + 4, "text-anchor": "end", class: "bare n" }, number(v))),
    bandsOf.map((v) => rect(v.ring, f.altitude_m(v.lower), f.altitude_m(v.upper), classOf(mine))),
    rect(ring, low, high, facts.open(conflict) ? "too-near" : "too-near calm2"), reach,
    own && s("text", { x: 66, y: Math.min(146, y(f.altitude_m(own.lower)) + 16), class: "onsurface n" }, String(f.band(own.lower, own.upper))));
}
