"""Volumes checked and measured in one pass against checking and measuring them one by one."""

import dataclasses

import msgspec
import numpy as np
import pytest

from wideberth.limits import ALTITUDE_MM_MAX, DURATION_US_MAX, RADIUS_MM_MAX, TIME_US_MAX
from wideberth.refusal import Refusal
from wideberth.space.overlap import area_m2, prepare
from wideberth.space.shapes import Shapes, _packed, _shapes, check_volumes, shapes
from wideberth.space.volume import Circle, Polygon, Volume4D, boxes, check_volume

NOW_US = 1_800_000_000_000_000
HORIZON_US = 40 * 86_400_000_000
EUROPE = (35_000_000_000, 72_000_000_000, -25_000_000_000, 45_000_000_000)
PACIFIC = (-60_000_000_000, 60_000_000_000, 120_000_000_000, 240_000_000_000)


@dataclasses.dataclass
class Maker:
    """Volumes around a place, a good half of them with something wrong."""

    random: np.random.Generator
    lat: float
    lon: float

    def outline(self) -> Circle | Polygon:
        """A circle or a ring of up to seven points, some of them crossing themselves, thin or far too wide."""
        scale = float(np.exp(self.random.uniform(np.log(1e-6), np.log(20.0))))
        lat, lon = self.lat + self.random.normal() * 3, self.lon + self.random.normal() * 3
        if self.random.random() < 0.3:
            radius = int(self.random.choice([0, 1, 500, 80_000_000, RADIUS_MM_MAX, RADIUS_MM_MAX + 1, -1, 2**70]))
            return Circle(round(lat * 1e9), round(lon * 1e9), radius)
        angles = self.random.uniform(0, 2 * np.pi, self.random.integers(0, 8))
        if self.random.random() < 0.7:
            angles = np.sort(angles)
        ring = [round(v * 1e9) for a in angles for v in (lat + scale * np.sin(a), lon + scale * np.cos(a))]
        if ring and self.random.random() < 0.1:
            odd = (ring[:-1], ring * 200, [*ring[:-1], 2**64], [ring[0], ring[1]] * 4)
            ring = odd[self.random.integers(len(odd))]
        return Polygon(tuple(int(v) for v in ring))

    def volume(self) -> Volume4D:
        """Around now, mostly."""
        start = NOW_US + int(self.random.integers(-5, 60)) * 3_600_000_000
        good = Volume4D(self.outline(), 0, 120_000, start, start + 3_600_000_000)
        changes = (
            {},
            {},
            {},
            {},
            {"lower_mm": 120_001},
            {"upper_mm": ALTITUDE_MM_MAX + 1},
            {"end_us": start},
            {"end_us": start + DURATION_US_MAX + 1},
            {"start_us": -1},
            {"end_us": TIME_US_MAX + 1},
            {"end_us": NOW_US + HORIZON_US + 1, "start_us": NOW_US + HORIZON_US},
            {"lower_mm": -(2**63) - 1},
        )
        return msgspec.structs.replace(good, **changes[self.random.integers(len(changes))])


@pytest.mark.parametrize(("bounds", "lat", "lon"), [(EUROPE, 50.0, 10.0), (PACIFIC, -20.0, 178.0)])
def test_the_pass_agrees_with_checking_one_by_one(bounds: tuple[int, int, int, int], lat: float, lon: float) -> None:
    """The quick pass never says that all is well where `check_volume` refuses, and the refusal is that of the first."""
    maker = Maker(np.random.default_rng(5), lat, lon)
    sound = refused = 0
    for _ in range(3_000):
        volumes = [maker.volume() for _ in range(maker.random.integers(1, 4))]
        singly = [check_volume(v, NOW_US, HORIZON_US, bounds, f"volumes[{i}]") for i, v in enumerate(volumes)]
        expected = next((no for no in singly if no is not None), None)
        found = check_volumes(volumes, NOW_US, HORIZON_US, bounds)
        assert (found if isinstance(found, Refusal) else None) == expected
        if expected is None:
            sound += _shapes(volumes, _packed(volumes), (NOW_US, NOW_US + HORIZON_US, *bounds))[1]
        refused += expected is not None
    assert sound > 100, "the quick pass passes what is good"
    assert refused > 1_000


def test_what_is_measured_is_what_each_measure_says() -> None:
    """Boxes, exact outlines and areas are those that their own functions give."""
    maker = Maker(np.random.default_rng(6), 89.0, 179.0)
    volumes = [v for v in (maker.volume() for _ in range(3_000)) if check_volume(v, NOW_US, HORIZON_US) is None]
    assert len(volumes) > 100
    made = shapes(volumes)
    assert isinstance(made, Shapes)
    assert made.volumes == tuple(volumes)
    assert (made.boxes == boxes(volumes)).all()
    assert made.claims_m2_s.tolist() == [int(area_m2(v.outline) * ((v.end_us - v.start_us) / 1e6)) for v in volumes]
    for own, other in zip(made.store[:3], prepare(volumes)[:3], strict=True):
        assert (own == other).all()


def test_nothing_is_measured_as_nothing() -> None:
    """No volumes make empty columns."""
    made = shapes([])
    assert made.boxes.shape == (0, 8)
    assert len(made.claims_m2_s) == 0
