"""Case F, Tabqa, 2017. Accounts are disputed; the scenario takes no side.

A partner on the ground gave in a position to be acted on. It was a position of its own side.

What must happen here: the register of own and partners' posts is asked before the message leaves (row 2). It is
STOPPED: refused, with the entry named to the sender, and nobody else hears of the position. Where there is no time, the
notice goes out, as nothing may hold it up, and its sender hears in the same entry, first of all, whom it has given in.
"""

from typing import Any

import pytest
from posts import Posts, origin, source

from wideberth.party.registers import Whose
from wideberth.refusal import Reason
from wideberth.theatre import hotline
from wideberth.theatre.hotline_items import MessageItem
from wideberth.theatre.register_items import OwnItem


def theatre() -> tuple[Posts, bytes]:
    """BBB is on the ground; the post is its partner's, and BBB has it in its register."""
    world = Posts()
    said = origin(source("BBB", 42), source("UN", 42), whose=Whose.PARTNER, partner="Valley group")
    post, answer = world.protect("BBB", world.box(radius_m=300, lower_m=0, upper_m=50, start_h=1, hours=600), said=said)
    assert answer.accepted
    return world, post


def the_position(world: Posts, post: bytes) -> None:
    """The position goes to AAA, for tomorrow: stopped before anybody hears."""
    place = world.box(lat=42.001, radius_m=100, lower_m=0, upper_m=50, start_h=24)
    message, answer = world.tell("BBB", "AAA", volumes=(place,))
    assert answer.refusal is not None, "the own side's position was passed on"
    assert answer.refusal.reason is Reason.OWN_REGISTER
    assert post.hex() in answer.refusal.limit
    assert ("BBB", message) not in world.state.messages
    assert not world.told("AAA", MessageItem)
    elsewhere = world.box(lat=42.1, radius_m=100, lower_m=0, upper_m=50, start_h=24)
    assert world.tell("BBB", "AAA", volumes=(elsewhere,))[1].accepted


def in_a_hurry(world: Posts, post: bytes) -> None:
    """The same, in ten minutes: it goes out, and BBB hears before it does anything else."""
    place = world.box(lat=42.001, radius_m=100, lower_m=0, upper_m=50, start_h=1.1)
    world.now_us = place.start_us - 600_000_000
    message, answer = world.tell("BBB", "AAA", volumes=(place,))
    assert answer.accepted
    told = [item for _, item in world.told("BBB") if isinstance(item, OwnItem)]
    assert told, "nobody told the sender whom it gave in"
    assert (told[0].thing, told[0].entries) == (message, (post,))
    assert not world.told("AAA", OwnItem), "the register is nobody else's to see"


def test_the_own_sides_position_is_stopped() -> None:
    """The sender hears which entry of its register lies inside; nobody hears of the place."""
    the_position(*theatre())


def test_without_the_register_it_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same story where messages are not held against the sender's register."""
    monkeypatch.setattr(hotline, "check_knowing", lambda *_: None)
    with pytest.raises(AssertionError, match="was passed on"):
        the_position(*theatre())


def test_in_a_hurry_the_sender_hears_at_once() -> None:
    """A late notice is never held up; what is wrong with it is beside it."""
    in_a_hurry(*theatre())


def test_without_the_register_nobody_hears_in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same hurry where nothing is compared."""
    nothing: Any = lambda *_: ()  # noqa: E731
    monkeypatch.setattr(hotline, "own_inside", nothing)
    with pytest.raises(AssertionError, match="nobody told the sender"):
        in_a_hurry(*theatre())


def test_what_is_inside_is_a_matter_of_all_four_dimensions() -> None:
    """High above the post, or after it is gone, it is not inside."""
    world, _ = theatre()
    high = world.box(lower_m=500, upper_m=900, start_h=24)
    later = world.box(lower_m=0, upper_m=50, start_h=602)
    for volume in (high, later):
        assert world.tell("BBB", "AAA", volumes=(volume,))[1].accepted
