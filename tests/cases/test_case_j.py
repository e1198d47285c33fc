"""Case J, intercepts. Accounts are disputed; the scenario takes no side.

An aircraft was called 22 times and did not answer; those who called did not reach anybody else of its party either.

What must happen here: a call that nobody answers climbs by itself: another cell on the second path, then everybody of
the party, with the caller told so (row 5); it never goes silent while it is open.
"""

import pytest
from lines import Lines, cell

from wideberth.party.hotline import AnswerKind, MessageKind, Precedence
from wideberth.theatre import hotline_watch
from wideberth.theatre.hotline_items import RungItem
from wideberth.theatre.hotline_rows import MessageState
from wideberth.theatre.lifecycle import ESCALATION


def story(world: Lines) -> None:
    """One question instead of 22 hails: the crew is silent, its party is not left in peace."""
    world.tree("BBB", cell("OPS"), cell("CREW", "OPS"))
    world.grant("BBB", "ops")
    world.grant("BBB", "crew")
    world.take("BBB", "OPS", "ops")
    world.take("BBB", "CREW", "crew")
    hail, _ = world.tell("AAA", "BBB", kind=MessageKind.QUERY, precedence=Precedence.FLASH, text="What do you intend?")
    world.receive("BBB", "AAA", hail, "OPS", "ops")
    world.wait(62)
    asked = [(i.rung, i.asked, i.path) for _, i in world.told("BBB", RungItem)]
    assert asked == [(1, "OPS", "second")], "nobody but the crew was called"
    world.wait(22 * 60)
    rungs = [i.rung for _, i in world.told("BBB", RungItem)]
    assert rungs == [1] + [2] * 11
    assert len(world.told("AAA", RungItem)) == 11
    world.reply("BBB", "AAA", hail, AnswerKind.CONFLICT, "CREW", "ops")
    assert world.row("AAA", hail).state is MessageState.ANSWERED
    world.wait(600)
    assert len(world.told("BBB", RungItem)) == 12


def test_a_hail_that_nobody_answers_reaches_the_party() -> None:
    """The first rung after a minute, the whole party after three, then every two minutes until somebody answers."""
    story(Lines())


def test_without_a_second_rung_only_the_crew_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same story where silence leads nowhere."""
    monkeypatch.setattr(hotline_watch, "ESCALATION", dict.fromkeys(ESCALATION, (0, 1_000, "")))
    with pytest.raises(AssertionError, match="nobody but the crew"):
        story(Lines())
