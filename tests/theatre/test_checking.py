"""Checks of plans that nobody filed: what the asker learns, who hears of it, and how often."""

import os
import random
from collections.abc import Sequence

from posts import Posts
from worlds import DAY, HOUR, START_US, charter

from wideberth.party.charter import TrafficClass
from wideberth.party.command import Disclosure
from wideberth.party.registers import CheckPlan
from wideberth.refusal import Reason
from wideberth.sequencer import Answer
from wideberth.space.overlap import near
from wideberth.space.volume import Volume4D
from wideberth.theatre.outcome import ConflictItem, OverlapItem
from wideberth.theatre.register_items import MovementItem, OwnItem, ProbedItem

CASES = 100_000 if os.environ.get("WIDEBERTH_LONG") else 2_000


def reason(answer: Answer) -> Reason | None:
    """The reason, if refused."""
    return answer.refusal.reason if answer.refusal else None


def test_the_asker_learns_what_a_conflict_would_show_and_owners_hear_who_asked() -> None:
    """The same places as a filed plan gets; a private peer is not named; nothing is filed, no conflict opened."""
    world = Posts()
    world.plan("BBB", world.box(), disclosure=Disclosure.CONFLICT_ONLY)
    hidden, _ = world.plan("CCC", world.box(), disclosure=Disclosure.PRIVATE)
    place, _ = world.protect("BBB", world.box())
    world.plan("CCC", world.box(), disclosure=Disclosure.OPEN)
    before = len(world.state.conflicts)
    answer = world.ask("AAA", world.box())
    assert answer.accepted
    assert answer.accepted.checked
    assert len(world.state.conflicts) == before
    assert not [thing for thing in world.state.things.values() if thing.owner == "AAA"]
    asked = [item for _, item in world.told("AAA", OverlapItem)]
    world.plan("AAA", world.box())
    filed = [item for _, item in world.told("AAA", ConflictItem)]
    assert [(o.party, o.other, o.minima_mm, o.severity, o.places) for o in asked] == [
        (c.party, c.other, c.minima_mm, c.severity, c.places) for c in filed
    ]
    assert [o.party for o in asked] == ["BBB", None, "BBB", "CCC"]
    assert [o.places.each()[0].shows for o in asked] == ["overlap", "overlap", "cell", "overlap"]
    assert [(p.party, p.version) for _, p in world.told("BBB", ProbedItem)] == [("AAA", 1)] * 2
    assert place in {p.thing for _, p in world.told("BBB", ProbedItem)}
    assert [p.thing for _, p in world.told("CCC", ProbedItem)] == [hidden], "an open plan needs no word"


def test_a_bystander_hears_nothing_and_own_things_show() -> None:
    """Whom the plan does not meet is not told; one's own plans and register are met as well."""
    world = Posts()
    world.protect("AAA", world.box())
    operation, _ = world.plan("AAA", world.box())
    world.ask("AAA", world.box())
    assert [(o.party, o.other) for _, o in world.told("AAA", OverlapItem)] == [
        ("AAA", "protected"),
        ("AAA", "operation"),
    ]
    world.ask("AAA", world.box(), plan=operation)
    assert len(world.told("AAA", OverlapItem)) == 3, "a plan's next version does not meet itself"
    for party in ("BBB", "CCC"):
        assert not world.told(party, (OverlapItem, ProbedItem, OwnItem, MovementItem))
    assert world.replayed().digest() == world.state.digest()


def test_a_check_spends_what_filing_spends() -> None:
    """Square kilometres x hours, checks and distinct peers of the day; past them nothing is looked at."""
    world, other = Posts(), Posts()
    for each in (world, other):
        each.plan("BBB", each.box())
    world.ask("AAA", world.box())
    other.plan("AAA", other.box())
    mine, filed = world.state.members["AAA"], other.state.members["AAA"]
    assert (mine.spent_m2_s, mine.checks, mine.peers) == (filed.spent_m2_s, filed.checks, filed.peers)
    assert mine.claim_m2_s == 0
    assert (mine.hits, filed.hits) == (1, 0)
    for rules, spent in (({"budget_checks": 1}, 1), ({"budget_km2_h": 13}, 1), ({"budget_peers": 1}, 1)):
        small = Posts(rules=charter(**rules))
        small.plan("BBB", small.box())
        answers = [small.ask("AAA", small.box()) for _ in range(3)]
        assert [reason(a) for a in answers] == [None] * spent + [Reason.BUDGET] * (3 - spent)


def test_repeated_probing_ends_before_it_looks() -> None:
    """After so many checks that met something hidden none is made that day, wherever it looks; each is on record."""
    world = Posts(rules=charter(budget_hits=3))
    world.plan("BBB", world.box())
    for i in range(3):
        assert world.ask("AAA", world.box(lat=42 + i / 1_000)).accepted
    assert world.ask("CCC", world.box()).accepted
    for lat in (42, 49):
        assert reason(world.ask("AAA", world.box(lat=lat))) is Reason.BUDGET
    assert len(world.told("BBB", ProbedItem)) == 4
    assert world.state.members["AAA"].refusals == 2
    world.pass_time(DAY)
    assert world.ask("AAA", world.box(lat=49, start_h=30)).accepted
    assert world.state.members["AAA"].hits == 0


def test_what_cannot_be_checked_is_refused() -> None:
    """Bad ids, parts, classes, volumes: as for a plan."""
    world = Posts()
    assert reason(world.ask("AAA", world.box(), plan=b"x")) is Reason.MALFORMED
    assert reason(world.ask("AAA", world.box(), traffic=TrafficClass.PROTECTED)) is Reason.OUT_OF_RANGE
    assert reason(world.ask("AAA", world.box(start_h=-9))) is Reason.IN_THE_PAST
    assert reason(world.ask("AAA", world.box(lat=10))) is Reason.OUT_OF_BOUNDS
    assert reason(world.speak("AAA", CheckPlan(b"x" * 16, 1, TrafficClass.SEA))) is Reason.PARTS_MISMATCH


def test_nothing_in_the_registers_is_missed() -> None:
    """Random plans against random places and movements: what is met is what brute force finds, each time."""
    chance, done = random.Random(20), 0
    classes = [c for c in TrafficClass if c not in (TrafficClass.CONSTRAINT, TrafficClass.PROTECTED)]
    met = 0
    while done < CASES:
        world = Posts(done, rules=charter(budget_hits=1_000_000))
        for i in range(40):
            party = chance.choice(("AAA", "BBB", "CCC"))
            if i % 4 == 0:
                assert world.move(party, chance.uniform(1, 30))[1].accepted
            else:
                boxes = tuple(some_box(world, chance) for _ in range(chance.randint(1, 3)))
                assert world.protect(party, *boxes)[1].accepted
        things = [(t, world.state.volumes_of(t.ref)) for t in world.state.things.values()]
        for _ in range(min(200, CASES - done)):
            boxes, traffic = tuple(some_box(world, chance) for _ in range(chance.randint(1, 2))), chance.choice(classes)
            entry = world.ask("AAA", *boxes, traffic=traffic).entry
            assert entry is not None
            expected = sorted(t.owner for t, where in things if brute(world, traffic, boxes, where))
            told = list(world.sequencer.notices("AAA", world.state.members["AAA"].notices - 1, 1))
            fresh = told and told[0].sequence == entry.sequence and told[0].notice
            found = sorted(item.party for item in (fresh.items if fresh else ()) if isinstance(item, OverlapItem))
            assert found == expected
            met += len(found)
            done += 1
    assert met > CASES // 4, "too few cases meet anything"


def some_box(world: Posts, chance: random.Random) -> Volume4D:
    """A volume somewhere along the road, within the next two days."""
    low = chance.uniform(0, 300)
    return world.box(
        lat=42 + chance.uniform(-0.2, 0.4),
        lon=-38 + chance.uniform(-0.2, 0.2),
        radius_m=chance.uniform(10, 4_000),
        lower_m=low,
        upper_m=low + chance.uniform(0, 300),
        start_h=(world.now_us - START_US) / HOUR + chance.uniform(0.1, 34),
        hours=chance.uniform(0.1, 8),
    )


def brute(world: Posts, traffic: TrafficClass, boxes: Sequence[Volume4D], where: Sequence[Volume4D]) -> bool:
    """The pair rule over every two volumes."""
    horizontal, vertical = world.state.charter.minima_mm(traffic, TrafficClass.PROTECTED)
    return any(near(a, b, horizontal / 1_000, vertical) is not None for a in boxes for b in where)
