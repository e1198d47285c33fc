"""`wideberth register` against a node: adding, listing, reviewing, movements, checks."""

import json
import time as clock
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from served import founded, seed_of, serving

from wideberth.cli import run
from wideberth.cli.watch_lines import Reader, item_line
from wideberth.keys import Key, write_key

Captured = pytest.CaptureFixture[str]
NOW = datetime.now(UTC).replace(microsecond=0)


def time(hours: float) -> str:
    """So long from now."""
    return f"{NOW + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A node with AAA, BBB and CCC."""
    folder = tmp_path_factory.mktemp("node")
    founded(folder)
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    with serving(folder) as address:
        yield address
    structlog.reset_defaults()


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Watch keys in files."""
    folder = tmp_path_factory.mktemp("keys")
    for party in ("AAA", "BBB"):
        write_key(folder / f"{party}.key", Key("watch", party, "desk", seed_of(party)))
    return folder


def drawn(path: Path, *legs: tuple[float, float, float], radius_m: float = 2_000, top_m: float = 100) -> None:
    """A GeoJSON file of circles: latitude, start and end in hours from now."""
    heights = {n: {"value": v, "unit": "M", "reference": "W84"} for n, v in (("lower", 0), ("upper", top_m))}
    head = {"operation": "it", "class": "crewed_air", "datum": "WGS84", "form": "decimal", "radius_m": radius_m}
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [-38.0, lat]},
            "properties": {**head, **heights, "start": time(start), "end": time(end)},
        }
        for lat, start, end in legs
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))


def spoken(capsys: Captured, *words: str) -> tuple[int, str]:
    """Exit status and all output of a run."""
    capsys.readouterr()
    status = run(["register", *words])
    captured = capsys.readouterr()
    return status, captured.out + captured.err


CLINIC: dict[str, Any] = {
    "name": "North clinic",
    "kind": "hospital",
    "volumes": "clinic.geojson",
    "verifier": "UN",
    "verified": time(-24),
    "review_by": time(240),
    "whose": "partner",
    "partner": "Valley group",
    "sources": [
        {"who": "UN", "how": "on the spot", "time": time(-24), "position": "42.0000° -38.0000°"},
        {"who": "Red Crescent", "how": "telephone", "time": time(-2), "position": "42.2000° -38.0000°"},
    ],
}
ROAD: dict[str, Any] = {
    "name": "Relief 7",
    "kind": "convoy",
    "volumes": "road.geojson",
    "contacts": ["Desk one, +00 1", "Desk two, +00 2"],
    "markings": "a red diamond on each roof",
    "checkpoints": [
        {"name": "South bridge", "position": "43.0000° -38.0000°", "time": time(1)},
        {"name": "North bridge", "position": "43.0100° -38.0000°", "time": time(2)},
    ],
}


def test_a_place_is_added_listed_reviewed_and_met(url: str, keys: Path, tmp_path: Path, capsys: Captured) -> None:
    """Its sources disagree, so it is flagged; it is protected all the same, and a check meets it as a cell."""
    at = ("--key", str(keys / "BBB.key"), "--url", url)
    drawn(tmp_path / "clinic.geojson", (42.0, 1, 200), radius_m=200)
    (tmp_path / "clinic.json").write_text(json.dumps(CLINIC))
    status, out = spoken(capsys, "add", str(tmp_path / "clinic.json"), *at)
    assert status == 0, out
    assert "North clinic is notified, version 1." in out
    assert "DISPUTED." in out
    assert "No known conflict" in out
    status, out = spoken(capsys, "add", str(tmp_path / "clinic.json"), *at, "--json")
    assert (status, json.loads(out)["version"], json.loads(out)["flags"]) == (0, 2, ["disputed"])
    status, out = spoken(capsys, "list", *at)
    assert status == 1
    assert "Valley group" in out
    assert "1 entry, as of position" in out
    status, out = spoken(capsys, "review", "North clinic", "--verifier", "OCHA", "--days", "14", *at)
    assert (status, f"next review by {NOW + timedelta(days=14):%Y-%m-%d}" in out) == (0, True)
    drawn(tmp_path / "flight.geojson", (42.0, 3, 4), top_m=500)
    other = ("--key", str(keys / "AAA.key"), "--url", url)
    status, out = spoken(capsys, "check", str(tmp_path / "flight.geojson"), *other)
    assert status == 1
    assert "Party BBB" not in out
    assert "protected" in out
    assert "cell" in out
    assert "1 known conflict, checked against all that is live" in out
    status, out = spoken(capsys, "check", str(tmp_path / "flight.geojson"), *other, "--json")
    assert json.loads(out)[0]["overlaps"][0]["party"] == "BBB"
    assert spoken(capsys, "list", *other)[0] == 0, "another's register is not listed"


def test_a_movement_is_reported_on(url: str, keys: Path, tmp_path: Path, capsys: Captured) -> None:
    """Notified late and marked so; seen on and off its route; it arrives with its last checkpoint."""
    at = ("--key", str(keys / "BBB.key"), "--url", url)
    drawn(tmp_path / "road.geojson", (43.0, 0.0003, 3), (43.01, 0.0003, 3))
    (tmp_path / "road.json").write_text(json.dumps(ROAD))
    status, out = spoken(capsys, "add", str(tmp_path / "road.json"), *at)
    assert status == 0, out
    assert out.startswith("LATE. Relief 7 is notified")
    _wait_for_start()
    status, out = spoken(capsys, "position", "Relief 7", "43.0000° -38.0000°", *at)
    assert status == 0, out
    assert "Relief 7: under-way, next South bridge" in out
    status, out = spoken(capsys, "position", "Relief 7", "44.0000° -38.0000°", *at)
    assert "Relief 7: off-route" in out
    status, out = spoken(capsys, "list", *at)
    assert (status, "OFF ROUTE, LATE" in out) == (1, True)
    status, out = spoken(capsys, "pass", "Relief 7", "South bridge", *at)
    assert "Relief 7: under-way, next North bridge" in out
    status, out = spoken(capsys, "pass", "Relief 7", "2", *at)
    assert "Relief 7: arrived." in out
    status, out = spoken(capsys, "pass", "Relief 7", "2", *at)
    assert (status, "state" in out) == (2, True)


def _wait_for_start() -> None:
    while datetime.now(UTC) < NOW + timedelta(hours=0.0003):
        clock.sleep(0.05)


def test_what_cannot_be_read_is_named(url: str, keys: Path, tmp_path: Path, capsys: Captured) -> None:
    """The file, the member and what is wrong with it; nothing is filed."""
    at = ("--key", str(keys / "BBB.key"), "--url", url)
    drawn(tmp_path / "clinic.geojson", (42.0, 1, 200))
    drawn(tmp_path / "road.geojson", (43.0, 1, 3))
    broken = {
        "verified": {**CLINIC, "verified": "yesterday"},
        "position": {**CLINIC, "sources": [{**CLINIC["sources"][0], "position": "here"}]},
        "two contacts": {**ROAD, "contacts": ["one"]},
        "whose": {**CLINIC, "whose": "nobody"},
    }
    for named, form in broken.items():
        (tmp_path / "broken.json").write_text(json.dumps(form))
        status, out = spoken(capsys, "add", str(tmp_path / "broken.json"), *at)
        assert status == 2, out
        assert named in out
    status, out = spoken(capsys, "pass", "Nothing", "1", *at)
    assert (status, "no 'Nothing' in your register" in out) == (2, True)


@pytest.mark.parametrize("word", ["add", "list", "review", "pass", "position", "seen", "check"])
def test_help_says_what_it_does_with_an_example(word: str, capsys: Captured) -> None:
    """Every command of the register explains itself and shows how it is called."""
    capsys.readouterr()
    run(["register", word, "--help"])
    out = " ".join(capsys.readouterr().out.split())
    assert f"Example: wideberth register {word}" in out


def test_the_watch_has_a_line_for_what_the_register_tells() -> None:
    """A movement that is overdue, own posts inside a message, sources that disagree; a probe is for the view."""
    thing = "7cd6f9aa-0000-4000-8000-000000000000"
    items: list[dict[str, Any]] = [
        {"kind": "movement", "what": "overdue", "owner": "AAA", "about": thing, "checkpoint": 1, "at": time(0)},
        {"kind": "own", "what": "message", "thing": thing, "version": 1, "entries": [thing]},
        {"kind": "register", "thing": thing, "version": 1, "flags": ["single-source", "disputed"]},
        {"kind": "probed", "party": "AAA", "thing": thing, "version": 1},
    ]
    lines = [item_line(item, NOW, Reader("BBB", "en")).partition(" ")[2] for item in items]
    assert lines == [
        "MOVEMENT of AAA, 7cd6f9: overdue",
        "INSIDE the message 7cd6f9, of your own register: 7cd6f9",
        "your register, 7cd6f9: single-source, disputed",
        "",
    ]
