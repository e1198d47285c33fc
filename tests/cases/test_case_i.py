"""Case I, Euphrates, 2017. Accounts are disputed; the scenario takes no side.

Two attack aircraft and a fighter came within 300 feet of one another while the agreed line along a river was crossed
several times a day.

What must happen here: the line is geometry of the charter, and who crosses it needs the other side's concurrence before
it starts (rows 8 and 34). Plans that cross are found when they are filed, and the later one does not start while the
conflict is open (row 7).
"""

import pytest
from posts import Posts
from worlds import charter, circle

from wideberth.party.charter import Area
from wideberth.party.command import Concur, PlanSubject
from wideberth.refusal import Reason
from wideberth.sequencer import Answer
from wideberth.theatre import planning
from wideberth.theatre.filed import Filed
from wideberth.theatre.outcome import AskedItem, ConflictItem

LINE = Area("River line", "line", circle(42, -38, 4_000), 0, 20_000_000, ("AAA", "BBB"))
FEET_300_M = 91


def theatre() -> Posts:
    """Each side keeps to its bank unless the other concurs."""
    return Posts(rules=charter(areas=(LINE,)))


def reason(answer: Answer) -> Reason | None:
    """The reason, if refused."""
    return answer.refusal.reason if answer.refusal else None


def the_crossing(world: Posts) -> None:
    """BBB plans across the river: AAA is asked, and without its word BBB does not start."""
    operation, _ = world.plan("BBB", world.box())
    assert reason(world.activate("BBB", operation)) is Reason.CONCURRENCE_MISSING, "the line was crossed unasked"
    assert world.last("AAA", AskedItem).area == "River line"
    assert world.say("AAA", Concur(PlanSubject("BBB", operation, 1))).accepted
    assert world.activate("BBB", operation).accepted


def the_meeting(world: Posts) -> None:
    """Both over the river at once, 300 ft apart in height, each with the other's concurrence to cross."""
    first, _ = world.plan("AAA", world.box(lower_m=3_000, upper_m=3_500))
    second, _ = world.plan("BBB", world.box(lat=42.01, lower_m=3_500 + FEET_300_M, upper_m=4_000))
    world.say("BBB", Concur(PlanSubject("AAA", first, 1)))
    world.say("AAA", Concur(PlanSubject("BBB", second, 1)))
    for party in ("AAA", "BBB"):
        assert world.told(party, ConflictItem), "nobody knew of the other"
    assert world.activate("AAA", first).accepted
    assert reason(world.activate("BBB", second)) is Reason.CONFLICT_OPEN, "both were in the air"


def test_the_line_is_not_crossed_unasked() -> None:
    """The other side's concurrence comes first, each time."""
    the_crossing(theatre())


def test_without_the_line_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same story where areas ask nobody."""
    monkeypatch.setattr(Filed, "_ask", lambda _self: ())
    with pytest.raises(AssertionError, match="crossed unasked"):
        the_crossing(theatre())


def test_three_hundred_feet_are_found_before_the_start() -> None:
    """Both hear when the second plan is filed; it does not start until they have settled it."""
    the_meeting(theatre())


def test_without_minima_nobody_hears() -> None:
    """The same story where what does not overlap is apart."""
    with pytest.raises(AssertionError, match="nobody knew"):
        the_meeting(Posts(rules=charter(areas=(LINE,), separations=())))


def test_without_the_block_both_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same story where open conflicts block nothing."""
    monkeypatch.setattr(planning, "unsettled_blocks", lambda *_: [])
    with pytest.raises(AssertionError, match="both were in the air"):
        the_meeting(theatre())
