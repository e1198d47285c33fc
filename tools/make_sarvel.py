"""Builds src/wideberth/web/land/sarvel.json, the invented land of the exercise.

In: nothing but the tables below and a fixed seed. Out: one JSON file with bounds, gazetteer, border and GeoJSON layers
(coast, relief bands, rivers, roads, borders). No real country: the land lies in the middle of the Atlantic.
Run: uv run --with numpy --with shapely --with contourpy python tools/make_sarvel.py
"""

import itertools
import json
import math
from pathlib import Path

import contourpy
import numpy as np
import shapely
from shapely.geometry import LineString, Polygon

OUT = Path(__file__).parent.parent / "src/wideberth/web/land/sarvel.json"
BOUNDS = [41.6, 43.0, -39.6, -37.4]
VIEW = [42.14, 42.44, -38.90, -38.17]
GROUND_M = 430
LAT0, LAT1, LON0, LON1 = 41.2, 43.4, -40.2, -36.8
KM_LAT, KM_LON = 111.08, 82.5
SEED = 7417

PLACES = [
    ("Dorun", 42.2621, -38.7182, "town", "Taldan"),
    ("Kemra", 42.3621, -38.7933, "town", "Taldan"),
    ("Hadri", 42.3693, -38.5570, "town", "Taldan"),
    ("Ostrem", 42.6200, -39.1200, "town", "Taldan"),
    ("Lirma", 42.0800, -39.0500, "town", "Taldan"),
    ("Bresk", 42.7800, -38.7800, "airfield", "Taldan"),
    ("Tovari", 42.4200, -39.3300, "city", "Taldan"),
    ("Selin", 42.1000, -38.8000, "camp", "Taldan"),
    ("Marvik", 42.6000, -38.6200, "town", "Taldan"),
    ("Pelit", 42.3008, -38.3848, "town", "Merova"),
    ("Vessa", 42.2081, -38.3133, "town", "Merova"),
    ("Narsel", 42.5500, -38.1800, "town", "Merova"),
    ("Quorin", 42.0500, -37.9800, "town", "Merova"),
    ("Arvona", 42.3800, -37.7200, "city", "Merova"),
    ("Teplin", 42.8000, -38.0500, "town", "Merova"),
    ("Joril", 42.6500, -37.6000, "town", "Merova"),
    ("Sandor", 41.9000, -37.6200, "port", "Merova"),
    ("Ombrak", 41.7400, -38.6000, "city", "Karst"),
    ("Zelka", 41.7000, -39.2000, "town", "Karst"),
    ("Durnik", 41.7200, -38.0500, "town", "Karst"),
    ("Halvar", 41.6600, -37.7800, "port", "Karst"),
]
# where the names of the countries stand; more than one, so that one is in sight at most zooms
COUNTRIES = [
    ("Taldan", 42.171, -38.812),
    ("Taldan", 42.69, -39.25),
    ("Merova", 42.374, -38.270),
    ("Merova", 42.47, -37.85),
    ("Karst", 41.71, -38.92),
    ("Karst", 41.76, -38.22),
]
BORDER = [
    [-38.44, 43.05], [-38.47, 42.90], [-38.41, 42.75], [-38.50, 42.62], [-38.49, 42.50], [-38.50, 42.453],
    [-38.482, 42.408], [-38.497, 42.367], [-38.49, 42.331], [-38.506, 42.30], [-38.508, 42.264], [-38.512, 42.228],
    [-38.498, 42.192], [-38.485, 42.147], [-38.49, 42.093], [-38.46, 42.00], [-38.47, 41.90],
]  # fmt: skip
BORDER_NORTH = [[-38.40, 43.45], [-38.45, 43.20], [-38.44, 43.05]]
BORDER_WEST = [[-38.47, 41.90], [-38.75, 41.84], [-39.05, 41.90], [-39.35, 41.82], [-39.65, 41.86], [-40.3, 41.84]]
BORDER_EAST = [[-38.47, 41.90], [-38.25, 41.88], [-38.00, 41.80], [-37.70, 41.86], [-37.60, 41.84]]
# the Sarvel as it runs through the picture of the watch floor: x in units of 50 m from 42.48 N 038.90 W
SARVEL = [
    (-900, 380), (-650, 470), (-400, 430), (-230, 440), (-100, 491), (0, 523), (82, 535), (180, 523), (292, 509),
    (376, 511), (460, 515), (544, 502), (628, 465), (712, 419), (796, 388), (866, 383), (964, 402), (1048, 421),
    (1132, 426), (1216, 420), (1300, 417), (1420, 440), (1540, 520), (1650, 640), (1760, 760), (1880, 900),
              (1960, 1080),
    (2060, 1230), (2180, 1340),
]  # fmt: skip
RIVERS = [
    ("Hadra", [(700, -1000), (640, -700), (720, -420), (610, -200), (614, -100), (629, -44), (663, 12), (690, 68),
               (694, 138), (681, 208), (679, 278), (677, 348), (656, 404), (632, 446)]),
    ("Ostra", [(-800, -500), (-560, -330), (-420, -120), (-330, 90), (-200, 250), (-150, 380), (-100, 491)]),
    ("Jora", [(1900, -700), (1720, -420), (1640, -120), (1500, 60), (1440, 250), (1420, 440)]),
    ("Karsta", [(-700, 1380), (-300, 1290), (100, 1330), (420, 1220), (800, 1290), (1150, 1240), (1500, 1330),
              (1800, 1480)]),
]  # fmt: skip
ROADS = [
    ("main", [(-900, 560), (-500, 640), (-200, 560), (-40, 590), (120, 560), (300, 484), (440, 520),
              (560, 540), (680, 500),
              (740, 448), (830, 430), (960, 462), (1260, 462), (1500, 400), (1770, 300), (2000, 330)]),
    ("main", [(830, 430), (862, 490), (968, 604), (1100, 690), (1260, 752), (1500, 900), (1530, 960),
              (1900, 1200), (2110, 1290)]),
    ("side", [(566, 246), (590, 330), (560, 430), (560, 540)]),
    ("side", [(300, 484), (250, 380), (176, 262), (60, 100), (-150, -80), (-363, -311)]),
    ("side", [(566, 246), (520, 60), (462, -266), (300, -480), (198, -667)]),
    ("side", [(830, 430), (980, 180), (1188, -155), (1300, -480), (1402, -711)]),
    ("side", [(1770, 300), (1900, 0), (2145, -377)]),
    ("main", [(300, 484), (220, 680), (165, 844), (300, 1100), (400, 1400), (495, 1643)]),
    ("side", [(165, 844), (-50, 870), (-247, 888), (-500, 700), (-650, 400), (-709, 133)]),
    ("main", [(-495, 1732), (0, 1700), (495, 1643), (900, 1720), (1402, 1688), (1848, 1821)]),
    ("side", [(968, 604), (1200, 820), (1518, 955)]),
]  # fmt: skip


def at(points: list[tuple[float, float]]) -> list[list[float]]:
    """The picture's units as [lon, lat]."""
    return [[-38.90 + x * 50 / 82500, 42.48 - y * 50 / 111080] for x, y in points]


def smooth(points: list[list[float]], rounds: int = 3) -> list[list[float]]:
    """Corner cutting by Chaikin; the ends stay."""
    line = np.array(points)
    for _ in range(rounds):
        a = line[:-1] * 0.75 + line[1:] * 0.25
        b = line[:-1] * 0.25 + line[1:] * 0.75
        line = np.vstack([line[:1], np.stack([a, b], 1).reshape(-1, 2), line[-1:]])
    return [[round(float(x), 4), round(float(y), 4)] for x, y in line]


def noise(shape: tuple[int, int], step_km: float, wave_km: float, seed: int) -> np.ndarray:
    """Smooth noise in 0..1 of about the wavelength, by filtering white noise."""
    rng = np.random.default_rng(seed)
    fy = np.fft.fftfreq(shape[0], step_km)[:, None]
    fx = np.fft.rfftfreq(shape[1], step_km)[None, :]
    f = np.hypot(fx, fy) * wave_km
    field = np.fft.irfft2(np.fft.rfft2(rng.standard_normal(shape)) * np.exp(-(f**2) * 1.4), shape)
    return (field - field.mean()) / field.std()


def distance_km(lon: np.ndarray, lat: np.ndarray, line: list[list[float]]) -> np.ndarray:
    points = shapely.points((lon * KM_LON).ravel(), (lat * KM_LAT).ravel())
    path = LineString([(x * KM_LON, y * KM_LAT) for x, y in line])
    shapely.prepare(path)
    return shapely.distance(points, path).reshape(lon.shape)


def terrain() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Longitudes, latitudes, height in m, and a field that is above 0 on land."""
    lon, lat = np.meshgrid(np.linspace(LON0, LON1, 480), np.linspace(LAT0, LAT1, 420))
    step = (LON1 - LON0) * KM_LON / 480
    rough = 0.9 * noise(lon.shape, step, 34, SEED) + 0.62 * noise(lon.shape, step, 15, SEED + 1)
    rough += 0.34 * noise(lon.shape, step, 7, SEED + 2) + 0.1 * noise(lon.shape, step, 3.6, SEED + 3)
    river = distance_km(lon, lat, smooth(at(SARVEL)))
    side = np.min([distance_km(lon, lat, smooth(at(p))) for _, p in RIVERS], axis=0)
    valley = np.clip((river - 1.2) / 13, 0, 1) ** 0.85
    valley *= np.clip(0.25 + side / 7, 0, 1)
    height = GROUND_M + valley * (760 + 640 * rough) + 70 * rough * np.clip(river / 4, 0, 1)
    x = (lon + 38.5) * KM_LON / 128
    y = (lat - 42.3) * KM_LAT / 112
    land = (
        1
        - np.hypot(x, y) ** 3
        + 0.11 * noise(lon.shape, step, 42, SEED + 4)
        + 0.04 * noise(lon.shape, step, 12, SEED + 5)
    )
    bay = np.hypot((lon + 37.28) * KM_LON / 34, (lat - 41.66) * KM_LAT / 26)
    return lon, lat, height, np.minimum(land, (bay - 1) * 0.6 + 0.03 * noise(lon.shape, step, 9, SEED + 6))


def bands(
    lon: np.ndarray,
    lat: np.ndarray,
    field: np.ndarray,
    level: float,
    clip: shapely.Geometry | None,
    tolerance: float,
    least_km2: float,
):
    """The area above the level as one MultiPolygon of rounded coordinates."""
    edge = np.pad(field[1:-1, 1:-1], 1, constant_values=level - 1)
    lines = contourpy.contour_generator(lon, lat, edge, fill_type="OuterOffset").filled(level, np.inf)
    rings = []
    for points, offsets in zip(*lines, strict=True):
        parts = [points[a:b] for a, b in itertools.pairwise(offsets)]
        rings.append(Polygon(parts[0], parts[1:]))
    area = shapely.make_valid(shapely.union_all(rings).simplify(tolerance))
    if clip is not None:
        area = area.intersection(clip)
    keep = []
    for polygon in shapely.get_parts(area):
        if polygon.geom_type != "Polygon" or polygon.area * KM_LAT * KM_LON < least_km2:
            continue
        holes = [h for h in polygon.interiors if Polygon(h).area * KM_LAT * KM_LON >= least_km2]
        keep.append(Polygon(polygon.exterior, holes))
    return shapely.MultiPolygon(keep)


def as_coordinates(area: shapely.MultiPolygon) -> list[list[list[list[float]]]]:
    return [
        [[[round(x, 4), round(y, 4)] for x, y in ring.coords] for ring in (p.exterior, *p.interiors)]
        for p in area.geoms
    ]


def feature(kind: str, geometry: dict[str, object], **properties: object) -> dict[str, object]:
    return {"type": "Feature", "properties": {"kind": kind, **properties}, "geometry": geometry}


def line(kind: str, points: list[list[float]], **properties: object) -> dict[str, object]:
    return feature(kind, {"type": "LineString", "coordinates": points}, **properties)


def build() -> dict[str, object]:
    lon, lat, height, land = terrain()
    coast = bands(lon, lat, land, 0.0, None, 0.0012, 2.0)
    features = [feature("land", {"type": "MultiPolygon", "coordinates": as_coordinates(coast)})]
    for level in (560, 760, 1000, 1280, 1600, 1950):
        area = bands(lon, lat, height, level, coast, 0.0011, 1.2)
        features.append(feature("relief", {"type": "MultiPolygon", "coordinates": as_coordinates(area)}, level_m=level))
    features.append(line("river", smooth(at(SARVEL)), name="Sarvel", width=9))
    features += [line("river", smooth(at(points)), name=name, width=4.5) for name, points in RIVERS]
    features += [line("road", smooth(at(points)), rank=rank) for rank, points in ROADS]
    border = smooth(BORDER)
    features.append(line("border", smooth(BORDER_NORTH)[:-1] + border))
    features += [line("border", smooth(BORDER_WEST)), line("border", smooth(BORDER_EAST))]
    scaled = LineString([(x * KM_LON, y * KM_LAT) for x, y in border]).buffer(1.0, cap_style="flat").simplify(0.02)
    band = [[round(x / KM_LON, 4), round(y / KM_LAT, 4)] for x, y in scaled.exterior.coords]
    gazetteer = [dict(zip(("name", "lat", "lon", "kind", "country"), place, strict=True)) for place in PLACES]
    countries = [dict(zip(("name", "lat", "lon"), place, strict=True)) for place in COUNTRIES]
    return {
        "about": "Invented land of the exercise, made by tools/make_sarvel.py. No real country.",
        "bounds": BOUNDS, "view": VIEW, "ground_m": GROUND_M, "gazetteer": gazetteer, "countries": countries,
        "border": border, "border_band": band,
        "layers": {"type": "FeatureCollection", "features": features},
    }  # fmt: skip


def main() -> None:
    land = build()
    OUT.write_text(json.dumps(land, separators=(",", ":"), ensure_ascii=False) + "\n", encoding="utf-8")
    size_kb = math.ceil(OUT.stat().st_size / 1024)
    print(f"{OUT.name}: {len(land['layers']['features'])} features, {size_kb} KiB")  # type: ignore[index]


if __name__ == "__main__":
    main()
