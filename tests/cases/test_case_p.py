"""Case P, northern Iraq, 1994. Accounts are disputed; the scenario takes no side.

Two helicopters of one's own were shot down by fighters of one's own. The helicopters stood in another plan than the
fighters, and nobody compared the two.

What must happen here: a party's own plans are held against its own register too (row 2). The fighters' planner hears of
the movement in its own notice, and the patrol does not start until a second person has looked. What is overdue or off
its route is told to the owner and to those who have a notice about it (row 16).
"""

import pytest
from posts import Posts
from worlds import HOUR, START_US

from wideberth.refusal import Reason
from wideberth.theatre import conflicts, dues, movements
from wideberth.theatre.filed import Filed
from wideberth.theatre.register_items import MovementItem, OwnItem


def theatre() -> tuple[Posts, bytes]:
    """AAA's helicopters carry people up the valley, two days from now; a second person is on AAA's watch."""
    world = Posts()
    world.grant("AAA", "second")
    movement, answer = world.move("AAA")
    assert answer.accepted
    return world, movement


def the_patrol(world: Posts, movement: bytes) -> None:
    """AAA's own fighters are to patrol the valley at that hour."""
    operation, answer = world.plan("AAA", world.box(lower_m=0, upper_m=5_000, start_h=60.5))
    own = world.told("AAA", OwnItem)
    assert own, "nobody compared the two plans"
    assert own[-1][1].entries == (movement,)
    refused = world.activate("AAA", operation)
    assert refused.refusal is not None, "the fighters started without a word"
    assert refused.refusal.reason is Reason.UNREVIEWED
    assert answer.accepted
    (conflict,) = answer.accepted.conflicts
    assert world.review("AAA", conflict, "watch").refusal is not None, "one person reviewed itself"
    assert world.review("AAA", conflict, "second").accepted
    assert world.activate("AAA", operation).accepted


def the_way(world: Posts, movement: bytes) -> None:
    """BBB's fighters have a notice; the helicopters leave their corridor, and do not come to the first checkpoint."""
    world.tell("AAA", "BBB", operation=movement, text="Two helicopters with people aboard.")
    world.pass_time(START_US + round(60.5 * HOUR) - world.now_us)
    world.seen("AAA", movement, 42.4)
    heard = [item.what for _, item in world.told("BBB", MovementItem)]
    assert heard == ["off-route"], "nobody knew that they were elsewhere"
    world.pass_time(HOUR)
    for party in ("AAA", "BBB"):
        heard = [item.what for _, item in world.told(party, MovementItem)]
        assert heard == ["off-route", "overdue"], "nobody missed them"


def test_the_fighters_plan_knows_of_the_helicopters() -> None:
    """In the planner's notice, and before the start."""
    the_patrol(*theatre())


def test_without_one_register_nobody_compares(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same story where the planner is not told."""
    monkeypatch.setattr(Filed, "_tell_own", lambda *_: None)
    with pytest.raises(AssertionError, match="nobody compared"):
        the_patrol(*theatre())


def test_without_the_second_person_the_fighters_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same story where own things block nothing."""
    whose = conflicts.blocked
    none_of_ones_own = lambda one, two: None if one.ref[0] == two.ref[0] else whose(one, two)  # noqa: E731
    monkeypatch.setattr(conflicts, "blocked", none_of_ones_own)
    with pytest.raises(AssertionError, match="without a word"):
        the_patrol(*theatre())


def test_who_has_a_notice_hears_of_what_is_elsewhere_and_late() -> None:
    """Off its route by a position, overdue by its checkpoint."""
    the_way(*theatre())


def test_without_corridors_nobody_hears_that_it_is_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same story where every position is on the route."""
    world, movement = theatre()
    monkeypatch.setattr(movements, "on_route", lambda *_: True)
    with pytest.raises(AssertionError, match="elsewhere"):
        the_way(world, movement)


def test_without_checkpoints_nobody_misses_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same story with their deadlines switched off."""
    pending = dues.pending
    off = lambda state, kind, ref, at_us: kind != "checkpoint" and pending(state, kind, ref, at_us)  # noqa: E731
    monkeypatch.setattr(dues, "pending", off)
    with pytest.raises(AssertionError, match="nobody missed them"):
        the_way(*theatre())
