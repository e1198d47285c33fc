"""What parties might say of their registers in the storm, sensible or not."""

import random
from typing import Any

import msgspec
from worlds import DAY, HOUR, MINUTE, World

from wideberth.party.charter import TrafficClass
from wideberth.party.command import PlaceKind, Protect, Text, Volumes
from wideberth.party.registers import (
    CheckPlan,
    Checkpoint,
    Details,
    Fix,
    Itinerary,
    Move,
    Origin,
    PassCheckpoint,
    ReportPosition,
    ReviewMeeting,
    ReviewPlace,
    Source,
    Whose,
)
from wideberth.space.volume import Circle

WORDS = Text("en", "Both know.")
DETAILS = Details(("Desk one", "Desk two"), "two trucks", "white", "none")


def registry(world: World, chance: random.Random, party: str, box: Any) -> tuple[Any, ...]:
    """A command of the registers with its parts."""
    state, now = world.state, world.now_us
    mine = [t for t in state.things.values() if t.owner == party and t.what == "protected"]
    moving = [row for row in state.movements.values() if row.owner == party]
    own = [c.id for c in state.conflicts.values() if c.own_pair and c.side_of(party) is not None and c.state == "open"]
    thing = chance.choice(mine) if mine else None
    head = (thing.id, thing.version) if thing is not None else (world.draw(16), 1)
    row = chance.choice(moving) if moving and chance.random() < 0.9 else None
    moved = (row.id, state.things[row.ref].version) if row is not None else head
    at = now - chance.randint(-MINUTE, 10 * MINUTE)
    origin = Origin(Whose.OWN, "", tuple(_source(chance, box, now) for _ in range(chance.randint(0, 3))))
    place = Protect(world.draw(16), 0, PlaceKind.POST, 0, "DDD", now, now + chance.randint(MINUTE, DAY), None, 1)
    return chance.choice(
        [
            (place, Volumes((box,)), origin),
            (ReviewPlace(*head, "DDD", now - HOUR, now + HOUR),),
            (ReviewMeeting(chance.choice(own) if own else bytes(16), 0), WORDS),
            (CheckPlan(world.draw(16), 0, chance.choice(list(TrafficClass))), Volumes((box,))),
            _movement(world, chance, row, moved, box),
            _movement(world, chance, None, moved, box),
            (PassCheckpoint(*moved, row.next if row is not None else 0, at),),
            (PassCheckpoint(*moved, chance.randint(0, 3), at),),
            (ReportPosition(*moved, at, 0), _fix(chance, box)),
        ]
    )


def _source(chance: random.Random, box: Any, now: int) -> Source:
    fix = _fix(chance, box)
    who = chance.choice(("UN", "the ministry", "a driver"))
    return Source(who, "seen", now - chance.randint(0, DAY), fix.lat_nd, fix.lon_nd, fix.accuracy_mm)


def _fix(chance: random.Random, box: Any) -> Fix:
    assert isinstance(box.outline, Circle)
    off = chance.choice((0, 0, 0, 10_000_000))
    return Fix(box.outline.lat_nd + off, box.outline.lon_nd, chance.choice((0, 10_000, 2_000_000)))


def _movement(world: World, chance: random.Random, row: Any, moved: tuple[bytes, int], box: Any) -> tuple[Any, ...]:
    """Two legs in one place, three checkpoints; the next version of one at times."""
    middle = (box.start_us + box.end_us) // 2
    legs = (msgspec.structs.replace(box, end_us=middle), msgspec.structs.replace(box, start_us=middle))
    step = (box.end_us - box.start_us) // 5
    stops = tuple(
        Checkpoint(
            f"Stop {i}", box.outline.lat_nd, box.outline.lon_nd, box.start_us + i * step, chance.randint(0, step)
        )
        for i in range(1, 4)
    )
    head = moved if row is not None and chance.random() < 0.4 else (world.draw(16), 0)
    return Move(*head, 0, 1, 2, chance.random() < 0.5), Volumes(legs), Itinerary(stops), DETAILS
