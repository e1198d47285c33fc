// The map. In: what facts.js gives to draw, the land files. Out: MapLibre layers in the palette's colours, no glyphs, no tiles,
// nothing fetched but the node's own files. Labels and signs are marks.js's, at constant size on top.

import * as facts from "./facts.js";
import { bounds, ringOf, ringOfPlace } from "./geo.js";
import { shown, world } from "./state.js";
import { text } from "./words.js";

const AHEAD_MS = 3 * 3600e3;
const BEHIND_MS = 10 * 60e3;
const EMPTY = { type: "FeatureCollection", features: [] };
let map = null;
let ready = false;
let moved = () => {};
let last = "";

export const broken = () => map === null;
export const get = () => map;

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** A colour token with an opacity, in a form that MapLibre reads. */
function faint(name, opacity) {
  const hex = token(name).replace("#", "");
  const [r, g, b] = [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16));
  return `rgba(${r},${g},${b},${opacity})`;
}

/** A width in metres of a feature's own property, at 42° of latitude: 3,636 m a pixel at zoom 4, halved by each zoom. */
const widthOf = (property, m) => ["interpolate", ["exponential", 2], ["zoom"], 4, ["*", ["get", property], m / 3636], 18, ["*", ["get", property], (m / 3636) * 2 ** 14]];
const kind = (name) => ["==", ["get", "kind"], name];
const style = (name, own) => ["all", ["==", ["get", "style"], name], ["==", ["get", "own"], own]];

function landLayers() {
  const out = [{ id: "sea", type: "background", paint: { "background-color": token("water") } }];
  const fill = (id, source, filter, paint) => out.push({ id, type: "fill", source, filter, paint: { "fill-antialias": true, ...paint } });
  const line = (id, source, filter, paint) => out.push({ id, type: "line", source, filter, layout: { "line-cap": "butt", "line-join": "round" }, paint });
  fill("world-land", "world", kind("land"), { "fill-color": token("land") });
  fill("world-lakes", "world", kind("lake"), { "fill-color": token("water") });
  line("world-borders", "world", kind("border"), { "line-color": token("border"), "line-width": 1.2, "line-dasharray": [9, 3, 1, 3] });
  fill("land", "land", kind("land"), { "fill-color": token("land") });
  fill("relief", "land", kind("relief"), { "fill-color": token("hill") });
  line("contours", "land", kind("relief"), { "line-color": token("contour"), "line-width": 0.6 });
  line("rivers", "land", kind("river"), { "line-color": token("water"), "line-width": widthOf("width", 50) });
  line("roads", "land", kind("road"), { "line-color": token("road"), "line-width": ["match", ["get", "rank"], "main", 1.8, 1.3] });
  line("borders", "land", kind("border"), { "line-color": token("border"), "line-width": 2, "line-dasharray": [8, 2.5, 1, 2.5] });
  return out;
}

function thingLayers() {
  const out = [];
  const fill = (id, filter, paint) => out.push({ id, type: "fill", source: "things", filter, paint });
  const line = (id, filter, color, width, dash, cap = "butt") =>
    out.push({ id, type: "line", source: "things", filter, layout: { "line-cap": cap, "line-join": "miter" }, paint: { "line-color": token(color), "line-width": width, ...(dash ? { "line-dasharray": dash.map((v) => v / width) } : {}) } });
  fill("area-fill", ["==", ["get", "style"], "area"], { "fill-color": faint("ink", 0.05) });
  line("areas", ["==", ["get", "style"], "area"], "border", 1, [4, 4]);
  fill("other-fill", ["all", ["in", ["get", "style"], ["literal", ["planned", "active"]]], ["==", ["get", "own"], false]], { "fill-color": faint("ink", 0.05) });
  fill("own-fill", ["all", ["in", ["get", "style"], ["literal", ["planned", "active"]]], ["==", ["get", "own"], true]], { "fill-color": faint("ink", 0.09) });
  fill("constraint-fill", ["==", ["get", "style"], "hatched"], { "fill-pattern": "hatch-grey" });
  line("constraint-line", ["==", ["get", "style"], "hatched"], "other", 1.6);
  line("held", ["==", ["get", "style"], "held"], "other", 1.6, [2, 5]);
  line("place", ["==", ["get", "style"], "place"], "ink2", 1.2, [2, 4]);
  line("other-planned", style("planned", false), "other", 1.6, [9, 6]);
  line("other-active", style("active", false), "other", 1.6);
  line("own-planned", style("planned", true), "own", 2.6, [9, 6]);
  line("own-active", style("active", true), "own", 2.6);
  fill("near-fill", ["==", ["get", "style"], "near"], { "fill-pattern": "hatch-amber", "fill-opacity": 0.75 });
  line("near-line", ["==", ["get", "style"], "near"], "amberLine", 2.6);
  return out;
}

/** A seamless tile of 45° stripes: `period` px between them, `width` px each; `rising` like / else like \. */
function hatch(color, period, width, rising) {
  const ratio = 4;
  const size = Math.max(8, Math.round(period * Math.SQRT2 * ratio));
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.strokeStyle = color;
  pen.lineWidth = width * ratio;
  for (const offset of [-size, 0, size]) {
    pen.beginPath();
    pen.moveTo(offset - size, rising ? size * 2 : -size);
    pen.lineTo(offset + size * 2, rising ? -size : size * 2);
    pen.stroke();
  }
  return { image: pen.getImageData(0, 0, size, size), ratio };
}

let hatched_at = 0;
/** MapLibre grows a pattern between whole zooms; drawn smaller by as much, it keeps its size on the screen. */
function keepHatches() {
  if (!ready || Math.abs((map.getZoom() % 1) - hatched_at) < 0.12) return;
  addHatches();
}

function addHatches() {
  hatched_at = map.getZoom() % 1;
  const shrink = 2 ** -hatched_at;
  for (const [name, color, period, width, rising] of [["hatch-amber", token("amber"), 9, 7, true], ["hatch-grey", token("other"), 11, 1.3, false]]) {
    const { image, ratio } = hatch(color, period * shrink, width * shrink, rising);
    if (map.hasImage(name)) map.removeImage(name);
    map.addImage(name, image, { pixelRatio: ratio });
  }
}

/** The style of the chosen palette. */
function styleOf() {
  const geojson = (data, tolerance = 0.2) => ({ type: "geojson", data, tolerance, buffer: 64 });
  return {
    version: 8,
    sources: {
      world: geojson(new URL("land/world.json", document.baseURI).href, 0.4),
      land: geojson(world.land?.layers ?? EMPTY),
      things: geojson(EMPTY, 0.05),
    },
    layers: [...landLayers(), ...thingLayers()],
  };
}

const feature = (properties, ring) => ({ type: "Feature", properties, geometry: { type: "Polygon", coordinates: [ring] } });

/** What is drawn at a time: in force, or starting within three hours, or just ended. */
export function drawn() {
  const t = shown();
  return facts.things().filter((item) => item.what === "protected" || (item.from < t + AHEAD_MS && item.to > t - BEHIND_MS));
}

function features() {
  const t = shown();
  const out = [];
  for (const area of world.theatre?.charter.areas ?? []) out.push(feature({ style: "area", own: false }, ringOf(area.outline)));
  for (const item of drawn()) {
    const over = item.to <= t;
    for (const volume of item.volumes) out.push(feature({ style: over && item.style !== "place" ? "held" : item.style, own: Boolean(item.mine), id: item.id }, volume.ring));
  }
  for (const conflict of facts.conflicts())
    if (facts.pressing(conflict)) for (const place of conflict.places) out.push(feature({ style: "near", own: false, id: conflict.id }, ringOfPlace(place)));
  return { type: "FeatureCollection", features: out };
}

export function render() {
  if (!map || !ready) return;
  const signature = JSON.stringify([world.view?.as_of.position, Math.floor(shown() / 60000), world.theatre?.charter.areas?.length]);
  if (signature !== last) {
    last = signature;
    map.getSource("things").setData(features());
  }
  map.getCanvas().setAttribute("aria-label", text("map_label"));
}

/** Takes the colours anew after another palette was chosen. */
export function repaint() {
  if (!map || !ready) return;
  addHatches();
  for (const layer of [...landLayers(), ...thingLayers()]) for (const [property, value] of Object.entries(layer.paint)) map.setPaintProperty(layer.id, property, value);
}

/** The box that the room opens with: the land's own view, else the theatre's bounds. */
function home() {
  const [south, north, west, east] = world.land?.view ?? world.theatre?.charter.bounds ?? [-60, 70, -170, 170];
  return [[west, south], [east, north]];
}
export function whole() {
  const [south, north, west, east] = world.theatre?.charter.bounds ?? [-60, 70, -170, 170];
  map?.fitBounds([[west, south], [east, north]], { padding: 24, duration: 0 });
}
export const zoomBy = (by) => map?.easeTo({ zoom: map.getZoom() + by, duration: calm() ? 0 : 160 });

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Whether a point lies on the part of the map that is shown. */
export const sees = (point) => map.getBounds().contains(point);

/** Brings rings to the middle of the map. */
export function flyTo(rings) {
  const { box } = bounds(rings);
  map.fitBounds([[box[0], box[1]], [box[2], box[3]]], { padding: 90, maxZoom: 11, duration: calm() ? 0 : 500 });
}

/** A length for the scale bar that is round in kilometres, and its width in pixels. */
export function scale() {
  if (!map) return null;
  const { lat } = map.getCenter();
  const metres_per_px = (156543.034 * Math.cos((lat * Math.PI) / 180)) / 2 ** map.getZoom() / 2;
  const km = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].find((v) => (v * 1000) / metres_per_px >= 46) ?? 2000;
  return { km, px: (km * 1000) / metres_per_px };
}

/** Makes the map; gives false where the browser has no WebGL, and the table stands in for it. */
export async function make(container, handlers) {
  const maplibre = await import("../vendor/maplibre-gl/maplibre-gl.mjs");
  const { Map: GlMap, setWorkerUrl } = maplibre;
  setWorkerUrl(new URL("vendor/maplibre-gl/maplibre-gl-worker.mjs", document.baseURI).href);
  moved = handlers.moved;
  try {
    map = new GlMap({
      container, style: styleOf(), bounds: home(), attributionControl: false, dragRotate: false, pitchWithRotate: false, touchPitch: false,
      renderWorldCopies: false, fadeDuration: 0, maxZoom: 15, locale: { "Map.Title": text("map_label") },
    });
  } catch {
    map = null;
    return false;
  }
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.on("load", () => {
    addHatches();
    ready = true;
    last = "";
    render();
    moved();
  });
  map.on("move", () => moved());
  map.on("moveend", keepHatches);
  map.on("resize", () => moved());
  map.on("mousemove", (event) => handlers.pointed([event.lngLat.lng, event.lngLat.lat]));
  map.on("idle", () => (document.documentElement.dataset.map = "idle"));
  map.getCanvas().addEventListener("webglcontextlost", () => handlers.failed());
  return true;
}

/** The land file may come after the map. */
export function landCame() {
  if (!map) return;
  map.getSource("land")?.setData(world.land?.layers ?? EMPTY);
  map.fitBounds(home(), { duration: 0 });
}
