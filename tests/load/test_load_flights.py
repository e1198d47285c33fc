"""What planners ask for: drawn from a seed, of the standard's form, where it was said to be."""

import json
from datetime import UTC, datetime

import pytest
from implicitdict import ImplicitDict
from uas_standards.astm.f3548.v21.api import Volume4D

from wideberth.load.flights import Cell, Drawn, Flights, Spread, Where, drawing, new_id, new_suffix

NOW_US = 1_790_000_000_123_456


def drawn(where: Where, volumes: int, seed: int, count: int) -> list[Drawn]:
    """So many flights of one planner."""
    flights, rng = Flights(where, volumes), drawing(f"planner/{seed}")
    return [flights.draw(rng, NOW_US) for _ in range(count)]


def vertices(where: Where, volumes: int = 4) -> list[tuple[float, float]]:
    """All corners of the first hundred flights."""
    read = [json.loads(flight.extents) for flight in drawn(where, volumes, 1, 100)]
    rings = [v["volume"]["outline_polygon"]["vertices"] for flight in read for v in flight]
    return [(p["lat"], p["lng"]) for ring in rings for p in ring]


@pytest.mark.parametrize("where", [Spread(), Cell()])
def test_the_same_seed_draws_the_same_flights(where: Where) -> None:
    """A seed says which flights there are, to the byte; another seed draws others."""
    assert drawn(where, 4, 7, 20) == drawn(where, 4, 7, 20)
    assert drawn(where, 4, 7, 20) != drawn(where, 4, 8, 20)
    assert len({flight.extents for flight in drawn(where, 4, 7, 20)}) == 20


@pytest.mark.parametrize("where", [Spread(), Cell()])
def test_volumes_have_the_form_of_the_standard(where: Where) -> None:
    """The published types read every volume: a ring of four, ascending heights, windows that begin before they end."""
    for flight in drawn(where, 3, 1, 50):
        read = json.loads(flight.extents)
        assert len(read) == 3
        for raw in read:
            volume = ImplicitDict.parse(raw, Volume4D)
            outline = volume.volume.outline_polygon
            assert outline is not None
            assert len(outline.vertices) == 4
            assert volume.volume.altitude_lower.value < volume.volume.altitude_upper.value
            assert volume.time_start.value.datetime < volume.time_end.value.datetime


def test_a_flight_begins_when_it_was_said() -> None:
    """The first window begins at the microsecond that the flight says, a minute from now in a cell."""
    flight = drawn(Cell(), 1, 1, 1)[0]
    begin = datetime.fromisoformat(json.loads(flight.extents)[0]["time_start"]["value"])
    assert begin == datetime.fromtimestamp(1_790_000_060, UTC).replace(microsecond=123_456)
    assert flight.begin_us == NOW_US + 60_000_000


def test_spread_flights_stay_near_their_bounds() -> None:
    """Spread flights lie within the bounds, or as far beyond as a flight is long, and all over them."""
    bounds = Spread(44, 52, 2, 18)
    found = vertices(bounds)
    assert all(43.9 < lat < 52.1 and 1.9 < lon < 18.1 for lat, lon in found)
    assert len({(round(lat), round(lon)) for lat, lon in found}) > 60


def test_flights_of_a_cell_are_in_one_place() -> None:
    """Flights of a cell begin within its square; with a side of nothing all begin at its middle."""
    found = vertices(Cell(48, 10, 1_000))
    assert all(abs(lat - 48) < 0.007 and abs(lon - 10) < 0.01 for lat, lon in found)
    assert all(abs(lat - 48) < 3e-4 and abs(lon - 10) < 4e-4 for lat, lon in vertices(Cell(48, 10, 0), 1))


def test_ids_are_uuids_of_the_right_version() -> None:
    """Ids are UUIDs of version 4, suffixes of version 7 that carry the time."""
    import uuid

    rng = drawing("ids")
    ids = [uuid.UUID(new_id(rng)) for _ in range(200)]
    assert {(i.version, i.variant) for i in ids} == {(4, uuid.RFC_4122)}
    assert len(set(ids)) == 200
    suffix = uuid.UUID(new_suffix(rng, NOW_US))
    assert (suffix.version, suffix.variant) == (7, uuid.RFC_4122)
    assert int.from_bytes(suffix.bytes[:6], "big") == NOW_US // 1_000
