"""`wideberth check`: its exit status, its figures, and what it says of bad files."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from wideberth.cli import run
from wideberth.cli.check import _rules, find_pairs
from wideberth.intake.operation import PlannedOperation
from wideberth.party.charter import TrafficClass
from wideberth.party.command import Activity
from wideberth.space.overlap import near
from wideberth.space.volume import Circle, Volume4D

ROOT = Path(__file__).parents[2]
RELIEF = str(ROOT / "examples" / "relief-day.geojson")
Captured = pytest.CaptureFixture[str]


def feature(name: str, lon: float, lat: float, **more: Any) -> dict[str, Any]:
    """A circle of 1 km, 500 to 600 m, for an hour."""
    properties = {
        "operation": name,
        "party": "Alder",
        "datum": "WGS84",
        "form": "decimal",
        "radius_m": 1_000,
        "lower": {"value": 500, "unit": "M", "reference": "W84"},
        "upper": {"value": 600, "unit": "M", "reference": "W84"},
        "start": "2026-09-01T06:00:00Z",
        "end": "2026-09-01T07:00:00Z",
    }
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [lon, lat]},
        "properties": properties | more,
    }


def write(path: Path, *features: dict[str, Any]) -> str:
    """A file of features."""
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return str(path)


def checked(capsys: Captured, *words: str) -> tuple[int, dict[str, Any]]:
    """Exit status and JSON of a run."""
    status = run(["check", *words, "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_conflicts_end_with_1_and_none_with_0(tmp_path: Path, capsys: Captured) -> None:
    """The status tells a program whether there are conflicts; no words promise more than was checked."""
    near_one = write(tmp_path / "near.geojson", feature("a", 40, 35), feature("b", 40.01, 35, party="Birch"))
    far = write(tmp_path / "far.geojson", feature("a", 40, 35), feature("b", 41, 35, party="Birch"))
    assert run(["check", near_one]) == 1
    shown = capsys.readouterr().out
    assert run(["check", far]) == 0
    clear = capsys.readouterr().out
    assert clear.startswith("No known conflict. 2 operations with 2 volumes were checked")
    for text in (shown, clear):
        assert "safe" not in text.lower()
        assert "clear" not in text.lower()


def test_plans_of_several_files_are_held_against_each_other(tmp_path: Path, capsys: Captured) -> None:
    """Each party may bring a file of its own."""
    first = write(tmp_path / "a.geojson", feature("a", 40, 35))
    second = write(tmp_path / "b.geojson", feature("b", 40.01, 35, party="Birch"))
    status, found = checked(capsys, first, second)
    assert status == 1
    (conflict,) = found["conflicts"]
    assert (conflict["first"]["file"], conflict["second"]["file"]) == (first, second)
    assert conflict["own_pair"] is False
    assert conflict["severity"] == "overlap"


def test_one_partys_own_pair_is_said_to_be_one(tmp_path: Path, capsys: Captured) -> None:
    """Pairs of one party's own plans are reported as such; pieces of one operation are no pair."""
    own = write(tmp_path / "own.geojson", feature("a", 40, 35), feature("b", 40, 35), feature("a", 40.001, 35))
    status, found = checked(capsys, own)
    assert status == 1
    (conflict,) = found["conflicts"]
    assert conflict["own_pair"] is True
    assert len(conflict["places"]) == 2


def test_minima_are_those_given(tmp_path: Path, capsys: Captured) -> None:
    """A gap of 821 m is near by 1 km and not by 500 m; a charter's table holds where it is given."""
    plans = write(tmp_path / "p.geojson", feature("a", 40, 35), feature("b", 40.031, 35, party="Birch"))
    assert checked(capsys, plans, "--horizontal-m", "500", "--vertical-m", "10")[0] == 0
    status, found = checked(capsys, plans, "--horizontal-m", "1000", "--vertical-m", "10")
    assert status == 1
    place = found["conflicts"][0]["places"][0]
    assert 0 < place["horizontal_m"] < 1_000
    assert place["vertical_m"] == -100
    charter = tmp_path / "charter.toml"
    text = 'bounds = [30.0, 40.0, 35.0, 45.0]\n[[minima]]\nclasses = ["crewed_air", "crewed_air"]\n'
    charter.write_text(text + "horizontal_m = 900\nvertical_m = 10\n")
    assert checked(capsys, plans, "--charter", str(charter))[0] == 1
    charter.write_text(text + "horizontal_m = 800\nvertical_m = 10\n")
    assert checked(capsys, plans, "--charter", str(charter))[0] == 0


BAD: list[tuple[str, str]] = [
    ("", "cannot be read"),
    ("{", "cannot be read"),
    ("[]", "cannot be read"),
    ('{"type": "Point"}', "type"),
    ('{"type": "FeatureCollection", "features": [{}]}', "features[0]"),
    ("\xff", "UTF-8"),
    ('{"type": "FeatureCollection", "features": NaN}', "finite"),
]


@pytest.mark.parametrize(("text", "said"), BAD)
def test_bad_files_end_with_2_and_one_line(tmp_path: Path, capsys: Captured, text: str, said: str) -> None:
    """A file that cannot be read is named in one line that says where."""
    path = tmp_path / "bad.geojson"
    path.write_bytes(text.encode("latin-1"))
    assert run(["check", str(path)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert str(path) in captured.err
    assert said in captured.err


@pytest.mark.parametrize(("text", "said"), BAD)
def test_a_program_gets_the_problem_as_json(tmp_path: Path, capsys: Captured, text: str, said: str) -> None:
    """With --json standard output always is JSON, also where a file cannot be read."""
    path = tmp_path / "bad.geojson"
    path.write_bytes(text.encode("latin-1"))
    status, found = checked(capsys, str(path))
    assert status == 2
    assert said in found["problem"]["text"]
    assert found["problem"]["reason"] == "malformed"
    assert checked(capsys, str(tmp_path / "none"))[0] == 2


def test_one_operation_was_checked(tmp_path: Path, capsys: Captured) -> None:
    """One is one, in words too."""
    _, found = checked(capsys, write(tmp_path / "one.geojson", feature("a", 40, 35)))
    assert "1 operation with 1 volume was checked" in found["statement"]


CHANGES: list[tuple[dict[str, Any], str]] = [
    ({"start": "2026-09-01T06:00:00"}, "no zone"),
    ({"end": "2026-09-01T05:00:00Z"}, "not after the start"),
    ({"lower": {"value": 700, "unit": "M", "reference": "W84"}}, "above the upper"),
    ({"lower": {"value": 700, "unit": "fathom", "reference": "W84"}}, "unit"),
    ({"radius_m": 600_000}, "radius"),
    ({"datum": "moon"}, "datum"),
]


@pytest.mark.parametrize(("change", "said"), CHANGES)
def test_bad_plans_end_with_2(tmp_path: Path, capsys: Captured, change: dict[str, Any], said: str) -> None:
    """A plan that cannot be meant is refused with its field, and nothing is half checked."""
    path = write(tmp_path / "bad.geojson", feature("good", 40, 35), feature("bad", 40, 35, **change))
    assert run(["check", path]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert said in captured.err
    assert "features[1]" in captured.err


def test_a_crossing_ring_ends_with_2(tmp_path: Path, capsys: Captured) -> None:
    """An outline that crosses itself has no inside, and is refused."""
    ring = [[40, 35], [41, 36], [41, 35], [40, 36], [40, 35]]
    bow = feature("bow", 40, 35)
    bow["geometry"] = {"type": "Polygon", "coordinates": [ring]}
    del bow["properties"]["radius_m"]
    assert run(["check", write(tmp_path / "bow.geojson", bow)]) == 2
    assert "crosses itself" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        [],
        [RELIEF, "--horizontal-m", "10"],
        [RELIEF, "--horizontal-m", "-1", "--vertical-m", "1"],
        [RELIEF, "--horizontal-m", "nan", "--vertical-m", "1"],
        [RELIEF, "--horizontal-m", "1", "--vertical-m", "1", "--charter", "x"],
        [RELIEF, "--bogus"],
        ["nowhere.geojson"],
        [str(ROOT)],
    ],
)
def test_wrong_words_end_with_2(capsys: Captured, words: list[str]) -> None:
    """Options that contradict one another, and files that are none, end with 2 and one line."""
    assert run(["check", *words]) == 2
    assert capsys.readouterr().err.startswith("wideberth: ")


def test_swapped_places_are_found_out_by_a_charter(tmp_path: Path, capsys: Captured) -> None:
    """With bounds, latitude and longitude in the wrong order are told from a place elsewhere."""
    charter = tmp_path / "charter.toml"
    charter.write_text("bounds = [34.0, 36.0, 40.0, 42.0]\n")
    plans = write(tmp_path / "swapped.geojson", feature("a", 35, 41))
    assert run(["check", plans, "--charter", str(charter)]) == 2
    assert "may be swapped" in capsys.readouterr().err


def plans_of(count: int, seed: int) -> list[PlannedOperation]:
    """Circles strewn over a few degrees, of several classes and parties."""
    draw = random.Random(seed)
    kinds = (TrafficClass.CREWED_AIR, TrafficClass.DRONE, TrafficClass.GROUND)
    made = []
    for i in range(count):
        volumes = []
        for _ in range(draw.randint(1, 3)):
            lat, lon = draw.randint(34 * 10**9, 36 * 10**9), draw.randint(40 * 10**9, 42 * 10**9)
            start = draw.randint(0, 10) * 600_000_000
            lower = draw.randint(0, 2_000) * 1_000
            volumes.append(Volume4D(Circle(lat, lon, 2_000_000), lower, lower + 300_000, start, start + 1_200_000_000))
        party = draw.choice(("A", "B", ""))
        made.append(PlannedOperation(f"p{i}", party, draw.choice(kinds), 0, Activity.OTHER, tuple(volumes), 0, ()))
    return made


@pytest.mark.parametrize("seed", range(3))
def test_pairs_are_those_of_brute_force(seed: int) -> None:
    """No conflicting pair is lost and none is invented, whatever the order: brute force over all pairs of volumes."""
    plans = plans_of(60, seed)
    rules = _rules(None, None, None)
    wanted = set()
    for j, second in enumerate(plans):
        for i, first in enumerate(plans[:j]):
            horizontal, vertical = rules.minima_mm(first.kind, second.kind)
            for a, one in enumerate(first.volumes):
                for b, other in enumerate(second.volumes):
                    if near(one, other, horizontal / 1_000, vertical) is not None:
                        wanted.add((i, j, a, b))
    found = {(p.first, p.second, n.first, n.second) for p in find_pairs(plans, rules) for n in p.near}
    assert found == wanted
    assert wanted


def test_ten_thousand_plans_are_checked(tmp_path: Path, capsys: Captured) -> None:
    """A national day of 10,000 plans is one command; every pair of the known ones is found."""
    draw = random.Random(7)
    rows = []
    for i in range(10_000):
        lat, lon = draw.uniform(34, 36), draw.uniform(40, 42)
        hour = i % 24
        rows.append(
            feature(
                f"p{i}", lon, lat, party=f"P{i}", **{"class": "drone"}, radius_m=50,
                start=f"2026-09-01T{hour:02}:00:00Z", end=f"2026-09-01T{hour:02}:30:00Z",
            )
        )  # fmt: skip
    twin = json.loads(json.dumps(rows[1_234]))
    twin["properties"] |= {"operation": "twin", "party": "Q"}
    status, found = checked(capsys, write(tmp_path / "many.geojson", *rows, twin))
    assert status == 1
    assert found["checked"]["operations"] == 10_001
    assert ("p1234", "twin") in {(c["first"]["id"], c["second"]["id"]) for c in found["conflicts"]}
