// Geometry for drawing and reading out; what decides stands in the node. In: degrees and metres. Out: the same.
// Distances here are ellipsoidal to first order (radii of curvature at the mean latitude), good to 0.1 % within 200 km.

const A = 6378137;
const E2 = 0.00669437999014;
const RAD = Math.PI / 180;
const LONG_EDGE_M = 20000;
const POINT_M = 400;

function radii(lat) {
  const w = 1 - E2 * Math.sin(lat * RAD) ** 2;
  return { north: (A * (1 - E2)) / w ** 1.5, east: (A / Math.sqrt(w)) * Math.cos(lat * RAD) };
}

/** Distance in metres and initial bearing in degrees from one [lon, lat] to another. */
export function inverse([lon1, lat1], [lon2, lat2]) {
  const { north, east } = radii((lat1 + lat2) / 2);
  const x = (((lon2 - lon1 + 540) % 360) - 180) * RAD * east;
  const y = (lat2 - lat1) * RAD * north;
  return { distance_m: Math.hypot(x, y), bearing_deg: (Math.atan2(x, y) / RAD + 360) % 360 };
}

export function direct([lon, lat], bearing_deg, distance_m) {
  const dy = distance_m * Math.cos(bearing_deg * RAD);
  const half = radii(lat + dy / 222000);
  return [lon + (distance_m * Math.sin(bearing_deg * RAD)) / half.east / RAD, lat + dy / half.north / RAD];
}

/** Points between on the great circle, so that a long edge bends on the map as it does on the ground. */
function between(a, b) {
  const { distance_m } = inverse(a, b);
  const steps = Math.min(64, Math.ceil(distance_m / LONG_EDGE_M));
  if (steps < 2) return [a];
  const v = ([lon, lat]) => [Math.cos(lat * RAD) * Math.cos(lon * RAD), Math.cos(lat * RAD) * Math.sin(lon * RAD), Math.sin(lat * RAD)];
  const [p, q] = [v(a), v(b)];
  const angle = Math.acos(Math.min(1, p[0] * q[0] + p[1] * q[1] + p[2] * q[2]));
  if (angle < 1e-9) return [a];
  return Array.from({ length: steps }, (_, i) => {
    const [m, n] = [Math.sin((1 - i / steps) * angle) / Math.sin(angle), Math.sin((i / steps) * angle) / Math.sin(angle)];
    const c = p.map((value, k) => value * m + q[k] * n);
    let lon = Math.atan2(c[1], c[0]) / RAD;
    lon += 360 * Math.round((a[0] - lon) / 360);
    return [lon, Math.atan2(c[2], Math.hypot(c[0], c[1])) / RAD];
  });
}

/** The outline as one closed ring of [lon, lat]. */
export function ringOf(outline) {
  if (outline.type === "Circle") {
    const ring = Array.from({ length: 72 }, (_, i) => direct(outline.center, i * 5, outline.radius_m));
    return [...ring, ring[0]];
  }
  const points = outline.coordinates[0];
  const ring = points.slice(0, -1).flatMap((point, i) => between(point, points[i + 1]));
  return [...ring, ring[0]];
}

/** The ring of a place; where only its point was told, a small circle stands for it. */
export function ringOfPlace(place) {
  if (!place.outline || place.shows === "point") return ringOf({ type: "Circle", center: place.at, radius_m: POINT_M });
  return ringOf(place.outline);
}

export function centre(ring) {
  const { box } = bounds([ring]);
  return [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
}

/** The box [west, south, east, north] of rings, and its sides in metres. */
export function bounds(rings) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const ring of rings)
    for (const [x, y] of ring) {
      box[0] = Math.min(box[0], x);
      box[1] = Math.min(box[1], y);
      box[2] = Math.max(box[2], x);
      box[3] = Math.max(box[3], y);
    }
  const { north, east } = radii((box[1] + box[3]) / 2);
  return { box, width_m: (box[2] - box[0]) * RAD * east, height_m: (box[3] - box[1]) * RAD * north };
}

/** Longer and shorter side of the ring, turned to its longest edge. */
export function sides(ring) {
  const { north, east } = radii(ring[0][1]);
  const points = ring.map(([x, y]) => [x * RAD * east, y * RAD * north]);
  let turn = 0;
  let longest = -1;
  for (let i = 1; i < points.length; i++) {
    const [dx, dy] = [points[i][0] - points[i - 1][0], points[i][1] - points[i - 1][1]];
    if (Math.hypot(dx, dy) > longest) [longest, turn] = [Math.hypot(dx, dy), Math.atan2(dy, dx)];
  }
  const along = points.map(([x, y]) => x * Math.cos(turn) + y * Math.sin(turn));
  const across = points.map(([x, y]) => y * Math.cos(turn) - x * Math.sin(turn));
  const spread = (values) => Math.max(...values) - Math.min(...values);
  return [spread(along), spread(across)].sort((a, b) => b - a);
}

/** The nearest named place of the gazetteer, with distance and bearing from it. */
export function landmark(gazetteer, point) {
  let best = null;
  for (const place of gazetteer ?? []) {
    const found = inverse([place.lon, place.lat], point);
    if (!best || found.distance_m < best.distance_m) best = { ...found, name: place.name };
  }
  return best;
}

function dmPart(value, positive, negative, digits) {
  const thousandths = Math.round(Math.abs(value) * 60000);
  const degrees = Math.floor(thousandths / 60000);
  const minutes = ((thousandths % 60000) / 1000).toFixed(3).padStart(6, "0");
  return `${String(degrees).padStart(digits, "0")}°${minutes}′ ${value < 0 ? negative : positive}`;
}
/** Degrees and decimal minutes, as they are read aloud. */
export const dm = ([lon, lat]) => `${dmPart(lat, "N", "S", 2)}  ${dmPart(lon, "E", "W", 3)}`;

/** Clips a ring to a box (Sutherland and Hodgman, CACM 17(1), 1974). */
export function clip(ring, [west, south, east, north]) {
  const edges = [[0, west, 1], [0, east, -1], [1, south, 1], [1, north, -1]];
  let out = ring;
  for (const [axis, limit, side] of edges) {
    const inside = (p) => (p[axis] - limit) * side >= 0;
    const cut = (p, q) => {
      const f = (limit - p[axis]) / (q[axis] - p[axis]);
      return [p[0] + (q[0] - p[0]) * f, p[1] + (q[1] - p[1]) * f];
    };
    const next = [];
    out.forEach((q, i) => {
      const p = out.at(i - 1);
      if (inside(p) !== inside(q)) next.push(cut(p, q));
      if (inside(q)) next.push(q);
    });
    out = next;
    if (!out.length) break;
  }
  return out;
}
