"""What comes too near, thing by thing, against asking the rule of every pair."""

import random

import msgspec
import pytest
from worlds import HOUR, START_US, World, charter, circle, square

from wideberth.party.charter import CLASSES, TrafficClass
from wideberth.space.overlap import near
from wideberth.space.shapes import shapes
from wideberth.space.volume import Volume4D
from wideberth.theatre.conflicts import severity_of
from wideberth.theatre.occupied import MinimaRow, Occupied
from wideberth.theatre.outcome import Near, Ref

AIR, DRONE = CLASSES.index(TrafficClass.CREWED_AIR), CLASSES.index(TrafficClass.DRONE)


def some_volumes(dice: random.Random) -> tuple[Volume4D, ...]:
    """One to four, within 40 km and six hours."""
    made = []
    for _ in range(dice.randint(1, 4)):
        lat, lon, size = 42 + dice.random() * 0.4, -38 + dice.random() * 0.4, dice.uniform(100, 6_000)
        outline = circle(lat, lon, size) if dice.random() < 0.5 else square(lat, lon, size / 111_000)
        start, lower = START_US + dice.randrange(6 * HOUR), dice.randrange(2_000_000)
        made.append(
            Volume4D(outline, lower, lower + dice.randrange(400_000), start, start + dice.randrange(1, 2 * HOUR))
        )
    return tuple(made)


def placeless(row: Near) -> Near:
    """A row without its point, which may differ by rounding when a pair is prepared alone."""
    return msgspec.structs.replace(row, lat_nd=0, lon_nd=0)


class Model:
    """Things in a list, asked one by one."""

    def __init__(self) -> None:
        self.things: dict[Ref, tuple[int, int, tuple[Volume4D, ...]]] = {}

    def near(self, asked: tuple[Volume4D, ...], row: MinimaRow, but: int) -> list[tuple[Ref, tuple[Near, ...]]]:
        """Each thing with its pairs, in the order of planning."""
        found = []
        for ref, (kind, sequence, volumes) in sorted(self.things.items(), key=lambda item: item[1][1]):
            minima = (row.horizontal_mm[kind] / 1000, int(row.vertical_mm[kind]))
            pairs = [(i, j, near(a, b, *minima)) for i, a in enumerate(asked) for j, b in enumerate(volumes)]
            rows = tuple(Near(i, j, *pair) for i, j, pair in pairs if pair is not None)
            if rows and sequence != but:
                found.append((ref, rows))
        return found


@pytest.mark.parametrize("seed", range(6))
def test_all_that_is_too_near_is_found_in_the_order_of_planning(seed: int) -> None:
    """Things come with their boxes or their shapes, go, and come again: answers are those of asking every pair."""
    dice = random.Random(seed)
    row, model = MinimaRow(charter(), AIR), Model()
    occupied = Occupied(lambda ref: model.things[ref][2])
    met = 0
    for sequence in range(120):
        ref, volumes, kind = ("A", bytes([dice.randrange(60)])), some_volumes(dice), dice.choice((AIR, DRONE))
        if ref in model.things:
            occupied.remove(ref)
            del model.things[ref]
        if dice.random() < 0.8:
            made = shapes(volumes)
            if dice.random() < 0.5:
                occupied.put(ref, kind, sequence, made)
            else:
                occupied.add(ref, kind, sequence, made.boxes.tobytes())
            model.things[ref] = (kind, sequence, volumes)
        asked, but = some_volumes(dice), dice.randrange(sequence + 1)
        found = occupied.near(shapes(asked), row, but)
        expected = model.near(asked, row, but)
        assert found.refs == [ref for ref, _ in expected]
        for (_, rows), (_, truth) in zip(found.near(), expected, strict=True):
            assert [placeless(row) for row in rows] == [placeless(row) for row in truth]
        assert found.starts_us == [min(n.start_us for n in rows) for _, rows in expected]
        words = [severity_of(rows, row.pairs[model.things[ref][0]]) for ref, rows in expected]
        assert [("overlap", "close", "near")[i] for i in found.severities] == words
        met += len(expected)
    assert met > 200
    assert len(occupied) == sum(len(volumes) for _, _, volumes in model.things.values())


def test_boxes_are_given_back_as_they_came() -> None:
    """What lives can be written down and taken up elsewhere: same boxes, same answers."""
    dice = random.Random(9)
    things = {("A", bytes([i])): some_volumes(dice) for i in range(50)}
    first, second = Occupied(things.__getitem__), Occupied(things.__getitem__)
    for sequence, (ref, volumes) in enumerate(things.items()):
        first.put(ref, AIR, sequence, shapes(volumes))
    written = dict(first.boxes())
    assert written == {ref: shapes(volumes).boxes.tobytes() for ref, volumes in things.items()}
    for sequence, (ref, boxes) in enumerate(written.items()):
        second.add(ref, AIR, sequence, boxes)
    row, asked = MinimaRow(charter(), AIR), shapes(some_volumes(dice))
    assert list(first.near(asked, row).near()) == list(second.near(asked, row).near())


def test_a_thing_lives_once() -> None:
    """Adding what lives already is a bug, whether it waits or stands in the index."""
    occupied, made = Occupied(lambda _: ()), shapes([World().box()])
    occupied.add(("A", b"1"), AIR, 1, made.boxes.tobytes())
    with pytest.raises(AssertionError, match="twice"):
        occupied.put(("A", b"1"), AIR, 2, made)
    occupied.settle()
    with pytest.raises(AssertionError, match="twice"):
        occupied.add(("A", b"1"), AIR, 2, made.boxes.tobytes())
