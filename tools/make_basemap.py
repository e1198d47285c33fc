"""Builds src/wideberth/web/land/world.json: Natural Earth land, country borders and large lakes, simplified.

In: the folder of the npm package world-atlas, and a shapefile of the 10m lakes of Natural Earth.
Out: one GeoJSON file of at most 1.5 MB. Natural Earth is in the public domain, world-atlas under the ISC licence.
Run: uv run --with numpy --with shapely python tools/make_basemap.py WORLD_ATLAS_FOLDER NE_10M_LAKES_SHP
"""

import itertools
import json
import struct
import sys
from pathlib import Path

import shapely
from shapely.geometry import LineString, MultiLineString, MultiPolygon, Polygon, mapping

OUT = Path(__file__).parent.parent / "src/wideberth/web/land/world.json"
LAKE_DEG2_MIN = 0.09
LAND_DEG2_MIN = 0.004
TOLERANCE_DEG = 0.02


def arcs_of(topology: dict) -> list[list[tuple[float, float]]]:
    """The arcs of a quantised TopoJSON, in degrees."""
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    out = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((x * sx + tx, y * sy + ty))
        out.append(points)
    return out


def ring(arcs: list[list[tuple[float, float]]], indices: list[int]) -> list[tuple[float, float]]:
    points: list[tuple[float, float]] = []
    for index in indices:
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        points += arc if not points else arc[1:]
    return points


def unrolled(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """A ring without jumps at 180 degrees: its longitudes go on beyond. One around the south pole is closed there."""
    out, turns = [points[0]], 0
    for (before, _), (lon, lat) in itertools.pairwise(points):
        turns += (before - lon > 180) - (lon - before > 180)
        out.append((lon + 360 * turns, lat))
    if turns:
        out += [(out[-1][0], -90.0), (out[0][0], -90.0)]
    return out


def at_home(area: shapely.Geometry) -> shapely.Geometry:
    """An area that goes on beyond 180 degrees, cut there and brought back between -180 and 180."""
    pieces = []
    for turn in (-1, 0, 1):
        cut = shapely.intersection(area, shapely.box(360 * turn - 180, -90, 360 * turn + 180, 90))
        pieces.append(shapely.transform(cut, lambda xy, by=360 * turn: xy - [by, 0]))
    return shapely.union_all(pieces)


def faces(area: shapely.Geometry) -> list[Polygon]:
    """The polygons of any geometry, however deep they lie; lines and points are left out."""
    if area.geom_type == "Polygon":
        return [area] if area.area > 0 else []
    return [face for part in getattr(area, "geoms", []) for face in faces(part)]


def land(topology: dict) -> MultiPolygon:
    """Land as polygons, simplified."""
    arcs, found = arcs_of(topology), []
    for geometry in topology["objects"]["land"]["geometries"]:
        for polygon in geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]:
            shell, *holes = [at_home(shapely.make_valid(Polygon(unrolled(ring(arcs, r))))) for r in polygon]
            found.append(shapely.difference(shell, shapely.union_all(holes)))
    area = shapely.make_valid(shapely.simplify(shapely.union_all(found), TOLERANCE_DEG))
    return MultiPolygon([face for face in faces(area) if face.area > LAND_DEG2_MIN])


def borders(topology: dict) -> MultiLineString:
    """The arcs that two countries share: borders without coasts."""
    uses: dict[int, set[str]] = {}
    for number, country in enumerate(topology["objects"]["countries"]["geometries"]):
        stack = [country["arcs"]]
        while stack:
            item = stack.pop()
            if isinstance(item, int):
                uses.setdefault(item if item >= 0 else ~item, set()).add(str(number))
            else:
                stack += item
    arcs = arcs_of(topology)
    shared = [LineString(arcs[i]) for i, users in sorted(uses.items()) if len(users) > 1]
    merged = shapely.line_merge(MultiLineString(shared))
    return MultiLineString(list(shapely.get_parts(shapely.simplify(merged, TOLERANCE_DEG))))


def lakes(path: Path) -> MultiPolygon:
    """Polygons of an ESRI shapefile (ESRI white paper J-7855, shape type 5) larger than the least area."""
    data, offset, polygons = path.read_bytes(), 100, []
    while offset < len(data):
        words = struct.unpack(">i", data[offset + 4 : offset + 8])[0]
        body = data[offset + 8 : offset + 8 + words * 2]
        offset += 8 + words * 2
        if struct.unpack("<i", body[:4])[0] != 5:
            continue
        parts, points = struct.unpack("<2i", body[36:44])
        starts = [*struct.unpack(f"<{parts}i", body[44 : 44 + 4 * parts]), points]
        flat = struct.unpack(f"<{points * 2}d", body[44 + 4 * parts : 44 + 4 * parts + 16 * points])
        rings = [
            list(zip(flat[2 * a : 2 * b : 2], flat[2 * a + 1 : 2 * b : 2], strict=True))
            for a, b in itertools.pairwise(starts)
        ]
        shape = Polygon(rings[0], rings[1:])
        if shape.area >= LAKE_DEG2_MIN:
            polygons.append(shapely.make_valid(shape).simplify(TOLERANCE_DEG / 2))
    return MultiPolygon([p for g in polygons for p in shapely.get_parts(g) if p.geom_type == "Polygon"])


def rounded(item: object) -> object:
    """Coordinates with three decimals (110 m), well under what the 50m set promises."""
    if isinstance(item, float):
        return round(item, 3)
    return [rounded(i) for i in item] if isinstance(item, list | tuple) else item


def feature(kind: str, geometry: shapely.Geometry) -> dict[str, object]:
    shape = mapping(geometry)
    return {
        "type": "Feature",
        "properties": {"kind": kind},
        "geometry": {"type": shape["type"], "coordinates": rounded(shape["coordinates"])},
    }


def main(atlas: Path, lakes_path: Path) -> None:
    land_topology = json.loads((atlas / "land-50m.json").read_text())
    country_topology = json.loads((atlas / "countries-50m.json").read_text())
    features = [
        feature("land", land(land_topology)),
        feature("lake", lakes(lakes_path)),
        feature("border", borders(country_topology)),
    ]
    OUT.write_text(json.dumps({"type": "FeatureCollection", "features": features}, separators=(",", ":")) + "\n")
    assert OUT.stat().st_size <= 1_500_000, "the base map is over its budget"
    print(f"{OUT.name}: {OUT.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
