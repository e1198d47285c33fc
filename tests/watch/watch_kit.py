"""Things that fly as told, and their reports."""

import math
from typing import NamedTuple

from geographiclib.geodesic import Geodesic

from wideberth.feeds.report import AddressKind, Method, Report

GEOD = Geodesic.WGS84
T0 = 1_790_000_000_000_000
SECOND = 1_000_000


class Flyer(NamedTuple):
    """Straight on along a geodesic."""

    address: str
    lat: float
    lon: float
    track: float = 0.0
    speed: float = 200.0
    baro_ft: int | None = 35_000
    climb_mm_s: int = 0
    kind: AddressKind = AddressKind.ICAO
    method: Method = Method.ADS_B
    hae_mm: int | None = None

    def at(self, t: float) -> tuple[float, float, float]:
        """Latitude, longitude and direction after t seconds; speed is that of the foot point."""
        end = GEOD.Direct(self.lat, self.lon, self.track, self.speed * t)
        return end["lat2"], (end["lon2"] + 180) % 360 - 180, end["azi2"] % 360

    def report(self, t: float, source: str = "a", late_s: float = 0.0, **changes: object) -> Report:
        """What a source says of it at t."""
        lat, lon, track = self.at(t)
        height = None if self.baro_ft is None else self.baro_ft + round(self.climb_mm_s * t / 304.8)
        fields: dict[str, object] = {
            "source": source, "address": self.address, "kind": self.kind, "method": self.method,
            "time_us": us(t), "received_us": us(t + late_s), "lat_nd": round(lat * 1e9), "lon_nd": round(lon * 1e9),
            "baro_ft": height, "hae_mm": self.hae_mm, "speed_mm_s": round(self.speed * 1_000),
            "track_mdeg": round(track * 1_000) % 360_000, "climb_mm_s": self.climb_mm_s, "on_ground": False,
            "accuracy_mm": 30_000,
        }  # fmt: skip
        return Report(**(fields | changes))  # type: ignore[arg-type]


def us(t: float) -> int:
    """Microseconds of a second of the test."""
    return T0 + round(t * SECOND)


def metres(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Along the geodesic, degrees."""
    return float(GEOD.Inverse(a[0], a[1], b[0], b[1])["s12"])


def place(tracks: object, at: int) -> tuple[float, float]:
    """A track's place in degrees."""
    return math.degrees(tracks.lat_rad[at]), math.degrees(tracks.lon_rad[at])  # type: ignore[attr-defined]
