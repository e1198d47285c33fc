"""Charters as people write them."""

import json
from pathlib import Path

import pytest

from wideberth.cli.charters import read_charter
from wideberth.party.charter import Charter, TrafficClass, default_separations
from wideberth.refusal import Refusal

ROOT = Path(__file__).parents[2]


def read(text: str, name: str = "c.toml") -> Charter | Refusal:
    """The charter of a text."""
    return read_charter(text.encode(), name)


def test_a_charter_of_bounds_alone_has_every_default() -> None:
    """What is not written is as the house has it."""
    charter = read("bounds = [1.0, 2.0, 3.0, 4.0]")
    assert isinstance(charter, Charter)
    assert charter.bounds_nd == (10**9, 2 * 10**9, 3 * 10**9, 4 * 10**9)
    assert charter.separations == default_separations()
    assert charter.lead_us == Charter("x", (0, 1, 0, 1), (), (), 1).lead_us


def test_units_are_converted_exactly() -> None:
    """Metres, seconds and degrees become millimetres, microseconds and nanodegrees."""
    text = """
    bounds = [34.0, 36.0, 40.0, 42.0]
    lead_s = 0.5
    vertical_step_m = 15.24
    cell_deg = 0.05
    [priorities]
    HAS = 20
    [[minima]]
    classes = ["drone", "crewed_air"]
    horizontal_m = 1852
    vertical_m = 152.4
    [[areas]]
    name = "Line"
    lower_m = -10
    upper_m = 100.5
    parties = ["A1"]
    outline = { type = "Circle", center = [41.0, 35.5], radius_m = 1000.5 }
    """
    charter = read(text)
    assert isinstance(charter, Charter)
    assert charter.minima_mm(TrafficClass.CREWED_AIR, TrafficClass.DRONE) == (1_852_000, 152_400)
    assert charter.minima_mm(TrafficClass.GROUND, TrafficClass.GROUND) == (0, 0)
    assert (charter.lead_us, charter.vertical_step_mm, charter.cell_nd) == (500_000, 15_240, 50_000_000)
    assert charter.priority_of("HAS") == 20
    (area,) = charter.areas
    assert (area.lower_mm, area.upper_mm) == (-10_000, 100_500)
    assert (area.outline.lat_nd, area.outline.radius_mm) == (35_500_000_000, 1_000_500)  # type: ignore[union-attr]


def test_a_closed_ring_does_not_repeat_its_first_place() -> None:
    """GeoJSON closes its rings; the house does not."""
    form = {
        "bounds": [0, 1, 0, 1],
        "areas": [
            {
                "name": "a", "lower_m": 0, "upper_m": 1, "parties": ["A1"],
                "outline": {"type": "Polygon", "coordinates": [[[0, 0], [0.5, 0], [0.5, 0.5], [0, 0]]]},
            }
        ],
    }  # fmt: skip
    charter = read(json.dumps(form), "c.json")
    assert isinstance(charter, Charter)
    assert len(charter.areas[0].outline.ring) == 6  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bounds = [2.0, 1.0, 3.0, 4.0]",
        "bounds = [1.0, 2.0, 3.0]",
        "bounds = [1.0, 2.0, 3.0, 4.0]\nbogus = 1",
        "bounds = [1.0, 2.0, 3.0, 4.0]\nlead_s = -1",
        'bounds = [1.0, 2.0, 3.0, 4.0]\n[[minima]]\nclasses = ["moon", "drone"]\nhorizontal_m = 1\nvertical_m = 1',
        'bounds = [1.0, 2.0, 3.0, 4.0]\n[[minima]]\nclasses = ["drone", "drone"]\nhorizontal_m = -1\nvertical_m = 1',
        "bounds = [1.0, 2.0, 3.0, 4.0",
    ],
)
def test_what_cannot_be_meant_is_refused(text: str) -> None:
    """A charter is refused with its file and field, never repaired."""
    no = read(text)
    assert isinstance(no, Refusal)
    assert "c.toml" in no.sentence()


@pytest.mark.parametrize("name", ["charter.toml"])
def test_examples_are_charters(name: str) -> None:
    """The examples in the repository are read as they stand."""
    path = ROOT / "examples" / name
    assert isinstance(read_charter(path.read_bytes(), name), Charter)
