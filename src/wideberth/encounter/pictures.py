"""Pictures of an encounter: a map with a scale, and altitude and range over time, as PNG and SVG.

In:  a rebuilt encounter.
Out: the bytes of the pictures by file name; the same encounter gives the same bytes with the same matplotlib.
matplotlib is wanted for this alone and imported when it is: `missing` says how to get it.

The map is the tangent plane of the ellipsoid midway between both at the nearest moment; within 50 km lengths on it are
true within 0.01 %. Both sides differ in colour, line and mark. Beneath lies the land that ships with the page; its
coasts are generalised, and the picture says so wherever one is in it.
"""

import io
import json
import math
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt

from wideberth.encounter.join import Encounter
from wideberth.encounter.rebuild import Rebuilt
from wideberth.space.geodesy import ecef, ecef_rad
from wideberth.space.land import Bounds, cut
from wideberth.space.units import us_to_time

INSTALL: Final = "Pictures need matplotlib: pip install 'wideberth[plot]'."
INK: Final = ("#1f4e79", "#b35900")
LINES: Final = ("-", "--")
MARKS: Final = ("o", "s")
NEAR: Final = "#9c2a00"
SALT: Final[dict[str, Any]] = {"svg.hashsalt": "wideberth", "svg.fonttype": "path", "font.size": 9.0}
NM_KM: Final = 1.852
DEGREE_KM: Final = 110.5
"""Of latitude, at least."""
GROUND: Final = {"land": "#f3f0e6", "lake": "#dce8ef"}
"""Fills beneath; the sea is as lakes are. Text and tracks reach 4.5 to 1 on both."""
COAST, BORDER = "#7d868c", "#9a8f86"
OUTLINES: Final = "land: Natural Earth, generalised; coasts, lakes and borders up to 2 km off"
Points = npt.NDArray[np.float64]
Extent = tuple[float, float, float, float]
"""West, east, south and north on the plane, in kilometres."""


def missing() -> str:
    """How to get what pictures need; empty where it is there."""
    return "" if find_spec("matplotlib") else INSTALL


def pictures(made: Rebuilt) -> dict[str, bytes]:
    """map.svg, map.png, profile.svg and profile.png."""
    import matplotlib

    files: dict[str, bytes] = {}
    settings = cast(Any, {**matplotlib.rcParamsDefault, **SALT})
    with matplotlib.rc_context(settings):
        for name, draw in (("map", _map), ("profile", _profile)):
            figure = draw(made)
            for kind, metadata in (("svg", {"Date": None, "Creator": None}), ("png", {"Software": None})):
                out = io.BytesIO()
                figure.savefig(out, format=kind, dpi=150, metadata=metadata)
                files[f"{name}.{kind}"] = out.getvalue()
    return files


def plane(made: Rebuilt) -> list[tuple[Points, Points]]:
    """Both as seconds from the nearest moment, and east and north of the middle in kilometres."""
    one = made.encounter
    origin, axes = _tangent(one)
    found = []
    for sides in ([f.first for f in made.frames], [f.second for f in made.frames]):
        when = [(f.time_us - one.nearest_us) / 1e6 for f in made.frames]
        at = [(np.nan, np.nan) if s is None else axes @ (np.array(ecef(s.lat_nd, s.lon_nd)) - origin) for s in sides]
        found.append((np.array(when), np.array(at)))
    return found


def shown_name(name: str) -> str:
    """An identity as it can stand in a picture: no formula, nothing that the typeface lacks, at most 40 characters."""
    plain = "".join(c if c.isascii() and c.isprintable() else "?" for c in name[:40])
    return (" " + plain if plain.startswith("_") else plain).replace("$", r"\$")


def _names(made: Rebuilt) -> tuple[str, str]:
    return shown_name(made.encounter.first), shown_name(made.encounter.second)


def _tangent(one: Encounter) -> tuple[Points, Points]:
    """The middle in ECEF metres, and what takes an offset from it east and north, in kilometres."""
    lat, lon = math.radians(one.lat_nd / 1e9), math.radians(one.lon_nd / 1e9)
    east = (-math.sin(lon), math.cos(lon), 0.0)
    north = (-math.sin(lat) * math.cos(lon), -math.sin(lat) * math.sin(lon), math.cos(lat))
    return np.array(ecef(one.lat_nd, one.lon_nd)), np.array([east, north]) / 1e3


@cache
def _world() -> dict[str, Any]:
    text = files("wideberth").joinpath("web/land/world.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def ground(one: Encounter, shown: Extent) -> Iterator[tuple[str, list[Points]]]:
    """Land, lakes and borders within the extent, east and north of the middle in kilometres; rings of land and lakes
    run clockwise, their holes the other way. Where the land ends at 180 degrees only for the file's sake, a row of NaN
    follows the point."""
    origin, axes = _tangent(one)
    for feature in cut(_world(), _bounds(one, shown))["features"]:
        rings = []
        for line in feature["lines"]:
            closed = line if feature["kind"] == "border" or line[0] == line[-1] else [*line, line[0]]
            rows = []
            for k, (lon, lat) in enumerate(closed):
                rows.append(axes @ (np.array(ecef_rad(math.radians(lat), math.radians(lon))) - origin))
                if k + 1 < len(closed) and abs(lon) % 360 == abs(closed[k + 1][0]) % 360 == 180:
                    rows.append(np.array([np.nan, np.nan]))
            rings.append(np.array(rows))
        yield feature["kind"], rings


def _bounds(one: Encounter, shown: Extent) -> Bounds:
    """Degrees that hold the extent, and a tenth more: south, north, west, east."""
    lat, lon = one.lat_nd / 1e9, one.lon_nd / 1e9
    reach = math.hypot(max(-shown[0], shown[1]), max(-shown[2], shown[3])) * 1.1 / DEGREE_KM
    south, north = max(lat - reach, -90.0), min(lat + reach, 90.0)
    across = math.cos(math.radians(max(-south, north)))
    wide = min(reach / across, 180.0) if across > 1e-6 else 180.0
    return south, north, lon - wide, lon + wide


def _beneath(axes: Any, one: Encounter, shown: Extent) -> bool:
    """Draws the ground; whether an outline is in the picture."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    seen = False
    axes.set_facecolor(GROUND["lake"])
    for kind, rings in ground(one, shown):
        if kind in GROUND:
            whole = [ring[~np.isnan(ring[:, 0])] for ring in rings]
            path = Path.make_compound_path(*(Path(ring, closed=True) for ring in whole))
            axes.add_patch(PathPatch(path, facecolor=GROUND[kind], linewidth=0, zorder=0.1))
        for ring in rings:
            axes.plot(*ring.T, ":" if kind == "border" else "-", color=BORDER if kind == "border" else COAST,
                      linewidth=0.8, zorder=0.2, scalex=False, scaley=False, gid=kind)  # fmt: skip
            seen |= Path(ring).intersects_bbox(_bbox(shown), filled=False)
    return seen


def _bbox(shown: Extent) -> Any:
    from matplotlib.transforms import Bbox

    return Bbox.from_extents(shown[0], shown[2], shown[1], shown[3])


def _clock(time_us: int) -> str:
    return f"{us_to_time(time_us):%H:%M:%S}"


def _map(made: Rebuilt) -> Any:
    from matplotlib.figure import Figure

    one = made.encounter
    figure = Figure(figsize=(7.6, 7.6), layout="constrained")
    axes = figure.subplots()
    inside = ((one.enter_us - one.nearest_us) / 1e6, (one.exit_us - one.nearest_us) / 1e6)
    both = plane(made)
    shown = _extent(both, inside)
    outlined = _beneath(axes, one, shown)
    for (when, at), ink, line, mark, name in zip(both, INK, LINES, MARKS, _names(made), strict=True):
        axes.plot(at[:, 0], at[:, 1], line, color=ink, linewidth=1.2, label=name)
        within = (when >= inside[0]) & (when <= inside[1])
        axes.plot(at[within, 0], at[within, 1], line, color=ink, linewidth=3.2)
        _ticks(axes, made, when, at, ink, mark, shown)
    nearest = [at[int(np.argmin(np.abs(when)))] for when, at in both]
    axes.plot(*zip(*nearest, strict=True), color=NEAR, linewidth=1.4, label="nearest moment")
    m = one.horizontal_m
    text = (
        f"{us_to_time(one.nearest_us):%H:%M:%S.%f}"[:-5]
        + f" UTC\n{m.value:,.0f} m ({m.low:,.0f} to {m.high:,.0f})\n{_feet(one)}"
    )
    axes.annotate(
        text, np.mean(nearest, axis=0), (0.02, 0.02), textcoords="axes fraction", color=NEAR, fontsize=9,
        arrowprops={"arrowstyle": "-", "color": NEAR, "linewidth": 0.6}, bbox=_box(),
    )  # fmt: skip
    axes.set(xlim=shown[:2], ylim=shown[2:], aspect="equal")
    lat, lon = one.lat_nd / 1e9, one.lon_nd / 1e9
    middle = f"{abs(lat):.5f}° {'N' if lat >= 0 else 'S'}, {abs(lon):.5f}° {'E' if lon >= 0 else 'W'}"
    axes.set_xlabel(f"km east of {middle}" + (f"\n{OUTLINES}" if outlined else ""))
    axes.set_ylabel("km north")
    axes.grid(color="#cccccc", linewidth=0.5)
    _scale(axes, shown)
    axes.set_title(f"{' and '.join(_names(made))}, {us_to_time(one.nearest_us):%Y-%m-%d}; thick: inside the minima")
    axes.legend(loc="upper left", framealpha=0.9)
    return figure


def _feet(one: Any) -> str:
    v = one.vertical_ft
    return f"{v.value:,.0f} ft ({v.low:,.0f} to {v.high:,.0f})"


def _box() -> dict[str, Any]:
    return {"boxstyle": "round,pad=0.3", "facecolor": "white", "edgecolor": NEAR, "linewidth": 0.6}


def _extent(both: Sequence[tuple[Points, Points]], inside: tuple[float, float]) -> Extent:
    """A square that holds what was flown inside the minima, and a third more."""
    parts = [at[(when >= inside[0] - 20) & (when <= inside[1] + 20)] for when, at in both]
    points = np.concatenate(parts)
    low, high = np.nanmin(points, axis=0), np.nanmax(points, axis=0)
    half = max(float((high - low).max()) * 0.65, 0.2)
    middle = (low + high) / 2
    return middle[0] - half, middle[0] + half, middle[1] - half, middle[1] + half


def _ticks(axes: Any, made: Rebuilt, when: Points, at: Points, ink: str, mark: str, shown: Extent) -> None:
    """A mark and the time at every whole step, altitudes beside; an arrow for the direction."""
    seen = (at[:, 0] > shown[0]) & (at[:, 0] < shown[1]) & (at[:, 1] > shown[2]) & (at[:, 1] < shown[3])
    if not seen.any():
        return
    span = float(when[seen].max() - when[seen].min())
    step = next((s for s in (5, 10, 20, 30, 60, 120, 300) if span / s <= 7), 600)
    side = 0 if ink == INK[0] else 1
    for k in np.flatnonzero(seen).tolist():
        frame = made.frames[k]
        if frame.time_us % (step * 1_000_000):
            continue
        here = frame.second if side else frame.first
        assert here is not None
        axes.plot(*at[k], mark, color=ink, markersize=4.5, markerfacecolor="white")
        text = f"{_clock(frame.time_us)}\n{here.alt_ft:,.0f} ft"
        off = (6, 4) if side == 0 else (-6, -4)
        align = {"ha": "left", "va": "bottom"} if side == 0 else {"ha": "right", "va": "top"}
        axes.annotate(text, at[k], off, textcoords="offset points", color=ink, fontsize=7, clip_on=True, **align)
    last = int(np.flatnonzero(seen)[-1])
    if last:
        arrow = {"arrowstyle": "-|>", "color": ink, "linewidth": 1.2}
        axes.annotate("", at[last], at[last - 1], arrowprops=arrow)


def _scale(axes: Any, shown: Extent) -> None:
    """A bar in kilometres and one in nautical miles; north is up."""
    width = shown[1] - shown[0]
    for row, (unit, km) in enumerate((("km", 1.0), ("NM", NM_KM))):
        length = next(n for n in (20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05) if n * km <= width / 4)
        right, y = shown[1] - width * 0.04, shown[2] + width * (0.035 + 0.05 * row)
        axes.plot([right - length * km, right], [y, y], color="black", linewidth=2.4, solid_capstyle="butt")
        axes.text(
            right - length * km / 2, y + width * 0.008, f"{length:g} {unit}", ha="center", va="bottom", fontsize=8
        )
    x, y = shown[1] - width * 0.05, shown[3] - width * 0.13
    axes.annotate("N", (x, y + width * 0.085), (x, y), ha="center", va="bottom",
                  arrowprops={"arrowstyle": "-|>", "color": "black"})  # fmt: skip


def _profile(made: Rebuilt) -> Any:
    from matplotlib.figure import Figure

    one = made.encounter
    figure = Figure(figsize=(7.6, 8.4), layout="constrained")
    above, middle, below = figure.subplots(3, 1, sharex=True)
    when = np.array([(f.time_us - one.nearest_us) / 1e6 for f in made.frames])
    sides = ([f.first for f in made.frames], [f.second for f in made.frames])
    for side, ink, line, name in zip(sides, INK, LINES, _names(made), strict=True):
        above.plot(when, [np.nan if s is None else s.alt_ft for s in side], line, color=ink, label=name)
    for samples, ink, mark in zip(made.samples, INK, MARKS, strict=True):
        seconds = [(t - one.nearest_us) / 1e6 for t, *_ in samples]
        above.plot(seconds, [s[3] for s in samples], mark, color=ink, markersize=2.2, linestyle="none")
    above.set_ylabel("altitude, ft")
    above.legend(loc="best", framealpha=0.9)
    apart_nm = np.array([np.nan if f.horizontal_m is None else f.horizontal_m / 1852 for f in made.frames])
    apart_ft = np.array([np.nan if f.vertical_ft is None else f.vertical_ft for f in made.frames])
    h, v = one.horizontal_m, one.vertical_ft
    for axes, values, least, limit, unit in (
        (middle, apart_nm, (h.value / 1852, h.low / 1852, h.high / 1852), made.minima.horizontal_mm / 1_852_000, "NM"),
        (below, apart_ft, (v.value, v.low, v.high), float(made.minima.vertical_ft), "ft"),
    ):
        axes.plot(when, values, color="black", linewidth=1.2)
        axes.axhline(limit, color=NEAR, linewidth=1, linestyle=":")
        axes.text(0.995, limit, f"minimum {limit:g} {unit}", color=NEAR, ha="right", va="bottom",
                  transform=axes.get_yaxis_transform(), fontsize=8)  # fmt: skip
        off = [[max(least[0] - least[1], 0)], [max(least[2] - least[0], 0)]]
        axes.errorbar([0], [least[0]], yerr=off, fmt="D", color=NEAR, markersize=4, capsize=3)
        axes.set_ylim(0, max(float(np.nanmax(values, initial=limit)), limit, least[2]) * 1.08)
    middle.set_ylabel("horizontally apart, NM")
    below.set_ylabel("apart in height, ft")
    below.set_xlabel(
        f"seconds from the nearest moment, {us_to_time(one.nearest_us):%Y-%m-%d %H:%M:%S.%f}"[:-5] + " UTC"
    )
    for axes in (above, middle, below):
        start, end = (one.enter_us - one.nearest_us) / 1e6, (one.exit_us - one.nearest_us) / 1e6
        axes.axvspan(start, end, color=NEAR, alpha=0.10, linewidth=0)
        axes.axvline(0, color=NEAR, linewidth=0.8)
        axes.grid(color="#cccccc", linewidth=0.5)
        axes.margins(x=0)
    above.set_title(f"{' and '.join(_names(made))}; shaded: inside the minima; marks: samples")
    return figure
