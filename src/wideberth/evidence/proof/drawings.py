"""The timeline and the map, as SVG without scripts.

In:  marks and shapes of a story; land as GeoJSON features that were cut to the map's bounds.
Out: SVG text. Colour never speaks alone: each mark has a shape, and the legend its word.
The map is equidistant along its middle parallel; it shows where, and is not to be measured on.
"""

from __future__ import annotations

import html
import math
from typing import Any

from .story import LEGEND, Mark, Shape, local, utc

WIDTH, LANE, LEFT = 1000, 46, 110
MAP_WIDTH, MAP_HEIGHT = 1000, 620
M_PER_DEGREE = 111_195.0
GLYPHS = {
    "sent": "M-6,5 L0,-7 L6,5 Z",
    "received": "M-5,0 A5,5 0 1 0 5,0 A5,5 0 1 0 -5,0 Z",
    "read back": "M0,-7 L7,0 L0,7 L-7,0 Z",
    "effective": "M0,-8 L2,-2 L8,-2 L3,2 L5,8 L0,4 L-5,8 L-3,2 L-8,-2 L-2,-2 Z",
    "escalation": "M-3,-8 L3,-8 L2,2 L-2,2 Z M-2,4 L2,4 L2,8 L-2,8 Z",
    "answer": "M-6,-5 L6,-5 L6,5 L-6,5 Z",
    "reject": "M-7,-7 L7,-7 L0,7 Z",
    "wrong": "M-7,-4 L-4,-7 L0,-3 L4,-7 L7,-4 L3,0 L7,4 L4,7 L0,3 L-4,7 L-7,4 L-3,0 Z",
    "doubt": "M-6,-6 L6,-6 L6,-3 L-6,-3 Z M-6,3 L6,3 L6,6 L-6,6 Z",
    "review": "M-6,-1 L-2,4 L6,-6 L6,-2 L-2,8 L-6,3 Z",
    "cancel": "M-7,-2 L7,-2 L7,2 L-7,2 Z",
    "STOP": "M-4,-9 L4,-9 L9,-4 L9,4 L4,9 L-4,9 L-9,4 L-9,-4 Z",
    "plan": "M-7,-5 L7,-5 L4,5 L-4,5 Z",
    "conflict": "M-8,0 L-3,-5 L2,0 L-3,5 Z M-2,0 L3,-5 L8,0 L3,5 Z",
    "talk": "M-6,-5 L6,-5 L6,3 L0,3 L-4,7 L-4,3 L-6,3 Z",
    "alert": "M0,-8 L8,6 L-8,6 Z M-1,-3 L1,-3 L1,2 L-1,2 Z",
    "taken up": "M-7,-7 L7,-7 L7,-3 L2,-3 L2,7 L-2,7 L-2,-3 L-7,-3 Z",
    "encounter": "M-8,-6 L0,-2 L8,-6 L3,0 L8,6 L0,2 L-8,6 L-3,0 Z",
    "other": "M-3,-3 L3,-3 L3,3 L-3,3 Z",
}


def glyph(what: str, x: float, y: float, title: str) -> str:
    """One mark."""
    return (
        f'<path class="m {what.replace(" ", "-")}" d="{GLYPHS[what]}" transform="translate({x:.1f} {y:.1f})">'
        f"<title>{html.escape(title)}</title></path>"
    )


def timeline(marks: list[Mark], parties: list[str], zone: dict[str, Any]) -> str:
    """Lanes by party, time from left to right; where many fall together they stand one above the other."""
    if not marks:
        return "<p>Nothing that is shown here stands on the timeline.</p>"
    lanes = [*parties, *(["ledger"] if any(mark.lane == "ledger" for mark in marks) else [])]
    first, last = marks[0].time_us, max(marks[-1].time_us, marks[0].time_us + 1)
    height = LANE * len(lanes) + 60
    out = [f'<svg class="timeline" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="Timeline">']
    for number, lane in enumerate(lanes):
        y = 30 + LANE * number + LANE / 2
        out.append(f'<line class="lane" x1="{LEFT}" y1="{y}" x2="{WIDTH - 20}" y2="{y}"/>')
        out.append(f'<text x="8" y="{y + 4}">{html.escape(lane)}</text>')
    for step in range(5):
        time_us, x = first + (last - first) * step // 4, LEFT + (WIDTH - LEFT - 30) * step / 4
        anchor = "end" if step == 4 else "start" if step == 0 else "middle"
        out.append(f'<line class="tick" x1="{x}" y1="22" x2="{x}" y2="{height - 30}"/>')
        out.append(f'<text class="t" text-anchor="{anchor}" x="{x}" y="14">{utc(time_us)[:19]}Z</text>')
        out.append(f'<text class="t" text-anchor="{anchor}" x="{x}" y="{height - 12}">{local(time_us, zone)}</text>')
    taken: dict[tuple[str, int], int] = {}
    for mark in marks:
        x = LEFT + (WIDTH - LEFT - 30) * (mark.time_us - first) / (last - first)
        place = (mark.lane, round(x / 14))
        above = taken[place] = taken.get(place, -1) + 1
        y = 30 + LANE * lanes.index(mark.lane) + LANE / 2 - min(above, 2) * 9
        out.append(glyph(mark.what, x, y, f"{utc(mark.time_us)} {mark.lane}: {mark.what} (entry {mark.sequence})"))
    return "".join([*out, "</svg>", legend({mark.what for mark in marks})])


def legend(used: set[str]) -> str:
    """The marks that occur, with their words."""
    rows = []
    for what in LEGEND:
        if what in used:
            rows.append(f'<li><svg viewBox="-10 -10 20 20" class="key">{glyph(what, 0, 0, what)}</svg>{what}</li>')
    return f'<ul class="legend">{"".join(rows)}</ul>'


# the map


def bounds(shapes: list[Shape]) -> tuple[float, float, float, float] | None:
    """South, north, west, east in degrees with a margin, in the shape of the map; None for none."""
    if not shapes:
        return None
    lon_0 = shapes[0].ring[0][1]
    lats, lons = [], []
    for shape in shapes:
        for lat, lon in shape.ring:
            reach = shape.radius_m / M_PER_DEGREE
            wide = reach / max(math.cos(math.radians(lat)), 0.01)
            lats += [lat - reach, lat + reach]
            lons += [near(lon, lon_0) - wide, near(lon, lon_0) + wide]
    south, north, west, east = min(lats), max(lats), min(lons), max(lons)
    squeeze = max(math.cos(math.radians((south + north) / 2)), 0.05)
    tall = max((north - south) * 1.7, (east - west) * 1.7 * squeeze * MAP_HEIGHT / MAP_WIDTH, 0.04)
    tall = min(tall, 180.0)
    wide = min(tall * MAP_WIDTH / MAP_HEIGHT / squeeze, 360.0)
    middle = (south + north) / 2
    return middle - tall / 2, middle + tall / 2, (west + east - wide) / 2, (west + east + wide) / 2


def near(lon: float, lon_0: float) -> float:
    """The longitude within 180 degrees of another."""
    return lon_0 + (lon - lon_0 + 180) % 360 - 180


def chart(shapes: list[Shape], land: dict[str, Any]) -> str:
    """The map of volumes and places."""
    box = bounds(shapes)
    if box is None:
        return "<p>No place is shown in these entries.</p>"
    south, north, west, east = box
    squeeze = max(math.cos(math.radians((south + north) / 2)), 0.05)
    scale = min(MAP_WIDTH / ((east - west) * squeeze), MAP_HEIGHT / (north - south))
    middle = (west + east) / 2

    def at(lat: float, lon: float) -> tuple[float, float]:
        x = MAP_WIDTH / 2 + (near(lon, middle) - middle) * squeeze * scale
        return x, MAP_HEIGHT / 2 + ((south + north) / 2 - lat) * scale

    out = [f'<svg class="map" viewBox="0 0 {MAP_WIDTH} {MAP_HEIGHT}" role="img" aria-label="Map">']
    out.append(f'<rect class="sea" width="{MAP_WIDTH}" height="{MAP_HEIGHT}"/>')
    for feature in land.get("features", ()):
        out.append(_feature(feature, at))
    out.extend(_grid(box, at))
    for shape in shapes:
        out.append(_shape(shape, at, scale))
    out.append(_bar(scale))
    return "".join([*out, "</svg>"])


def _path(points: list[tuple[float, float]], at: Any, close: bool) -> str:
    steps = [f"{x:.1f},{y:.1f}" for x, y in (at(lat, lon) for lat, lon in points)]
    return f"M{' L'.join(steps)}{' Z' if close else ''}"


def _feature(feature: dict[str, Any], at: Any) -> str:
    kind = feature["kind"]
    lines = [
        _path([(lat, lon) for lon, lat in line], at, kind in ("land", "lake", "sea", "water"))
        for line in feature["lines"]
    ]
    return f'<path class="{html.escape(kind)}" d="{" ".join(lines)}"/>'


def _grid(box: tuple[float, float, float, float], at: Any) -> list[str]:
    south, north, west, east = box
    span = max(north - south, east - west)
    step = next(s for s in (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 45) if span / s <= 10 or s == 45)
    out = []
    for n in range(math.ceil(south / step), math.floor(north / step) + 1):
        (x, y), (x2, y2) = at(n * step, west), at(n * step, east)
        out.append(f'<line class="grid" x1="{x:.1f}" y1="{y:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>')
        out.append(f'<text class="g" x="{max(x, 0) + 3:.1f}" y="{y - 3:.1f}">{_degrees(n * step, "NS")}</text>')
    for n in range(math.ceil(west / step), math.floor(east / step) + 1):
        (x, y), (x2, y2) = at(south, n * step), at(north, n * step)
        out.append(f'<line class="grid" x1="{x:.1f}" y1="{y:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>')
        name = _degrees(near(n * step, 0), "EW")
        out.append(f'<text class="g" x="{x + 3:.1f}" y="{MAP_HEIGHT - 4}">{name}</text>')
    return out


def _degrees(value: float, sides: str) -> str:
    return f"{abs(value):.3f}".rstrip("0").rstrip(".") + f"°{sides[0] if value >= 0 else sides[1]}"


def _shape(shape: Shape, at: Any, scale: float) -> str:
    title = f"<title>{html.escape(f'{shape.label}: {shape.extent}')}</title>"
    x, y = at(*shape.ring[0])
    label = f'<text x="{x + 5:.1f}" y="{y - 5:.1f}">{html.escape(shape.label)}</text>'
    if len(shape.ring) == 1 and not shape.radius_m:
        cross = 'd="M-6,0 L6,0 M0,-6 L0,6"'
        return f'<path class="{shape.kind}" {cross} transform="translate({x:.1f} {y:.1f})">{title}</path>'
    if shape.radius_m:
        r = shape.radius_m / M_PER_DEGREE * scale
        return f'<circle class="{shape.kind}" cx="{x:.1f}" cy="{y:.1f}" r="{max(r, 2):.1f}">{title}</circle>{label}'
    return f'<path class="{shape.kind}" d="{_path(shape.ring, at, True)}">{title}</path>{label}'


def _bar(scale: float) -> str:
    m_per_px = M_PER_DEGREE / scale
    length = next((n for n in (10**k * f for k in range(1, 8) for f in (1, 2, 5)) if n / m_per_px >= 80), 10**7)
    px = length / m_per_px
    name = f"{length / 1000:g} km" if length >= 1000 else f"{length} m"
    x = MAP_WIDTH - 20 - px
    return f'<path class="bar" d="M{x:.1f},20 L{MAP_WIDTH - 20},20"/><text x="{x:.1f}" y="38">{name}</text>'
