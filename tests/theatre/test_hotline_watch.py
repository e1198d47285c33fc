"""Doubts, lines and watches."""

import pytest
from lines import Lines, cell, key_of, reason
from worlds import HOUR, MINUTE, SECOND, START_US

from wideberth.party.command import Text
from wideberth.party.hotline import AnswerCheck, CheckLine, Doubt, Path, Precedence, Review, TakeOver
from wideberth.refusal import Reason
from wideberth.theatre.hotline_items import DoubtItem, LineItem, RungItem, WatchItem
from wideberth.theatre.hotline_rules import line_id
from wideberth.theatre.hotline_views import message as shown
from wideberth.theatre.lifecycle import LineState


@pytest.fixture
def world() -> Lines:
    """CCC has one cell and three people on its roster; "one" is on watch."""
    world = Lines()
    world.tree("CCC", cell("DESK"))
    for watch in ("one", "two", "three"):
        world.grant("CCC", watch)
    assert world.take("CCC", "DESK", "one").accepted
    return world


def check(world: Lines, path: Path = Path.FIRST) -> bytes:
    """AAA asks whether the line to BBB is alive."""
    made = world.draw(16)
    assert world.speak("AAA", CheckLine(made, "BBB", path)).accepted
    return made


# doubts


def test_a_doubt_holds_until_a_second_person_reviews_it(world: Lines) -> None:
    """Not effective while it waits; the doubter cannot review it, a stranger cannot, and all who know are told."""
    message, _ = world.tell("AAA", "BBB", "CCC")
    doubt, words = world.draw(16), Text("en", "The bridge is not where it says.")
    raised = Doubt(doubt, world.subject("AAA", message), 0)
    assert world.speak("CCC", raised, words, watch="two").accepted
    world.receive("BBB", "AAA", message)
    world.receive("CCC", "AAA", message, "DESK", "one")
    assert not world.row("AAA", message).effective_us
    assert [world.last(party, DoubtItem).what for party in ("AAA", "BBB", "CCC")] == ["raised"] * 3
    review, looked = Review(doubt, 0), Text("en", "It is the old bridge.")
    assert reason(world.speak("CCC", review, looked, watch="two")) is Reason.NOT_PERMITTED
    assert reason(world.speak("BBB", review, looked)) is Reason.UNKNOWN
    assert world.speak("CCC", review, looked, watch="one").accepted
    assert world.row("AAA", message).effective_us
    assert world.last("AAA", DoubtItem).what == "reviewed"
    assert reason(world.speak("CCC", review, looked, watch="three")) is Reason.WRONG_STATE
    assert world.replayed().digest() == world.state.digest()


def test_a_doubt_shows_nobody_who_else_was_sent_the_message(world: Lines) -> None:
    """A receiver's doubt is its own and the sender's; the sender's own is for all, with its reason."""
    message, _ = world.tell("AAA", "BBB", "CCC")
    words = Text("en", "The bridge is not where it says.")
    world.speak("CCC", Doubt(world.draw(16), world.subject("AAA", message), 0), words, watch="two")
    for party, named in (("AAA", True), ("CCC", True), ("BBB", False)):
        item, seen = world.last(party, DoubtItem), shown(world.state, party, world.row("AAA", message)).doubts[0]
        assert (item.party, item.text is not None) == (("CCC", True) if named else ("", False))
        assert (seen.party, seen.text) == (("CCC", words.text) if named else (None, None))
    world.speak("AAA", Doubt(world.draw(16), world.subject("AAA", message), 0), Text("en", "Mine too."))
    assert world.last("BBB", DoubtItem).party == "AAA"
    assert shown(world.state, "BBB", world.row("AAA", message)).doubts[1].text == "Mine too."


def test_a_doubt_outlives_a_new_version(world: Lines) -> None:
    """The sender cannot shake it off by sending again."""
    message, _ = world.tell("AAA", "CCC")
    world.speak("CCC", Doubt(world.draw(16), world.subject("AAA", message), 0), Text("en", "Why there?"), watch="two")
    world.tell("AAA", "CCC", message=message, replaces=1)
    world.receive("CCC", "AAA", message, "DESK", "one")
    assert not world.row("AAA", message).effective_us


# lines


def test_missed_checks_show_at_both_ends() -> None:
    """One miss is missed, two degraded, four lost; an answer, also a late one, brings the line up."""
    world = Lines()
    seen = []
    for _ in range(4):
        last = check(world)
        world.wait(70)
        seen.append([world.last(party, LineItem).what for party in ("AAA", "BBB")])
    assert seen == [["missed"] * 2, ["degraded"] * 2, ["degraded"] * 2, ["lost"] * 2]
    assert reason(world.speak("BBB", AnswerCheck("AAA", world.draw(16)))) is Reason.UNKNOWN
    assert world.speak("BBB", AnswerCheck("AAA", last)).accepted
    line = world.state.lines[line_id("AAA", "BBB", Path.FIRST)]
    assert (line.state, line.misses) == (LineState.UP, 0)
    assert world.last("AAA", LineItem).what == "up"
    assert reason(world.speak("BBB", AnswerCheck("AAA", last))) is Reason.WRONG_STATE
    assert world.replayed().digest() == world.state.digest()


def test_the_two_paths_are_apart() -> None:
    """A line that answers on one path is not up on the other."""
    world = Lines()
    for _ in range(4):
        first = check(world)
        check(world, Path.SECOND)
        world.speak("BBB", AnswerCheck("AAA", first))
        world.wait(70)
    states = {line.path: line.state for line in world.state.lines.values()}
    assert states == {Path.FIRST: LineState.UP, Path.SECOND: LineState.LOST}


def test_one_check_at_a_time() -> None:
    """A line that waits for an answer is not asked again; nobody checks the line to oneself or a stranger."""
    world = Lines()
    check(world)
    assert reason(world.speak("AAA", CheckLine(world.draw(16), "BBB", Path.FIRST))) is Reason.WRONG_STATE
    assert reason(world.speak("AAA", CheckLine(world.draw(16), "AAA", Path.FIRST))) is Reason.UNKNOWN
    assert reason(world.speak("AAA", CheckLine(world.draw(16), "ZZZ", Path.FIRST))) is Reason.UNKNOWN


# watches


def test_the_successor_signs_each_open_item(world: Lines) -> None:
    """Critical items forbid the offer; the successor names exactly what is open; until then the old key stays."""
    message, _ = world.tell("AAA", "CCC")
    world.tell("BBB", "CCC", precedence=Precedence.ROUTINE)
    assert reason(world.hand_over("CCC", "DESK", "two", "one")) is Reason.OPEN_ITEMS
    world.receive("CCC", "AAA", message, "DESK", "one")
    assert reason(world.hand_over("CCC", "DESK", "two", "three")) is Reason.NOT_PERMITTED
    assert reason(world.hand_over("CCC", "DESK", "one", "one")) is Reason.UNKNOWN_KEY
    assert reason(world.hand_over("CCC", "XX", "two", "one")) is Reason.UNKNOWN
    assert world.hand_over("CCC", "DESK", "two", "one").accepted
    assert reason(world.speak("CCC", TakeOver("DESK", ()), watch="two")) is Reason.OPEN_ITEMS
    assert reason(world.take("CCC", "DESK", "three")) is Reason.NOT_PERMITTED
    assert world.state.watches["CCC", "DESK"].key == key_of("CCC", "one")
    assert world.take("CCC", "DESK", "two").accepted
    assert world.state.watches["CCC", "DESK"].key == key_of("CCC", "two")
    assert [item.what for _, item in world.told("CCC", WatchItem)] == ["taken", "offered", "taken"]
    assert reason(world.take("CCC", "DESK", "two")) is Reason.WRONG_STATE
    assert world.replayed().digest() == world.state.digest()


def test_a_handover_with_critical_items_needs_a_reason(world: Lines) -> None:
    """With a stated reason it may be; the reason is on record."""
    world.tell("AAA", "CCC")
    assert world.hand_over("CCC", "DESK", "two", "one", "The watch is ill.").accepted
    assert world.state.watches["CCC", "DESK"].reason is not None
    assert world.take("CCC", "DESK", "two").accepted


def test_a_watch_that_nobody_keeps_may_be_taken(world: Lines) -> None:
    """Where its key has ended, or it let an item come to the third rung, anybody of the party may sign for it."""
    message, _ = world.tell("AAA", "CCC", precedence=Precedence.FLASH)
    assert reason(world.take("CCC", "DESK", "two")) is Reason.NOT_PERMITTED
    world.wait(185)
    assert world.last("CCC", RungItem).rung == 2
    assert world.take("CCC", "DESK", "two").accepted
    assert world.receive("CCC", "AAA", message, "DESK", "two").accepted
    assert world.row("AAA", message).effective_us
    world.grant("CCC", "short", hours=1)
    assert world.hand_over("CCC", "DESK", "short", "two").accepted
    assert world.take("CCC", "DESK", "short").accepted
    world.now_us = START_US + 3 * HOUR + 5 * MINUTE + SECOND
    assert world.take("CCC", "DESK", "three").accepted
