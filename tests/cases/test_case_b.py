"""Case B, Su-24 at the border, 2015. Accounts are disputed; the scenario takes no side.

Warnings were said to have been given on one channel; on the frequency that had been agreed none were recorded.

What must happen here: each path is checked for itself, and both ends see that the agreed one does not answer, whatever
the other does (row 23); a warning that nobody acknowledges goes on the second path by itself (row 5).
"""

import pytest
from lines import Lines
from worlds import SECOND

from wideberth.party.hotline import AnswerCheck, CheckLine, Path, Precedence
from wideberth.theatre import hotline_watch
from wideberth.theatre.hotline_items import LineItem, RungItem
from wideberth.theatre.lifecycle import ESCALATION


def the_paths(world: Lines) -> None:
    """The second path answers every check, the agreed one none."""
    for _ in range(4):
        agreed, other = world.draw(16), world.draw(16)
        world.speak("AAA", CheckLine(agreed, "BBB", Path.FIRST))
        world.speak("AAA", CheckLine(other, "BBB", Path.SECOND))
        world.speak("BBB", AnswerCheck("AAA", other))
        world.wait(65)
    for party in ("AAA", "BBB"):
        first = [
            item.what for _, item in world.told(party, LineItem) if item.path == Path.FIRST and item.what != "check"
        ]
        assert first == ["missed", "degraded", "degraded", "lost"], "the dead path looked alive"


def the_warning(world: Lines) -> None:
    """The warning itself changes the path after a minute."""
    warning, _ = world.tell("AAA", "BBB", text="You are nearing the border.", precedence=Precedence.FLASH)
    world.wait(70)
    began = world.row("AAA", warning).sent_us
    climbed = [(at, item.path) for at, item in world.told("BBB", RungItem)]
    assert climbed, "it stayed on one channel"
    assert climbed[0][0] - began <= 65 * SECOND
    assert climbed[0][1] == "second"


def test_the_agreed_path_shows_that_it_is_dead() -> None:
    """After four checks it is lost, at both ends, though the other one lives."""
    the_paths(Lines())


def test_without_states_of_a_line_the_dead_path_looks_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same story where missed checks mean nothing."""
    monkeypatch.setattr(hotline_watch, "LINE", {})
    with pytest.raises(AssertionError, match="looked alive"):
        the_paths(Lines())


def test_a_warning_changes_its_path() -> None:
    """Without anybody doing anything."""
    the_warning(Lines())


def test_without_rungs_it_stays_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same story with a table of silence that comes after the event."""
    monkeypatch.setattr(hotline_watch, "ESCALATION", dict.fromkeys(ESCALATION, (0, 1_000, "")))
    monkeypatch.setattr("wideberth.theatre.hotline.acknowledge_us", lambda *_: 3_600 * SECOND)
    with pytest.raises(AssertionError, match="one channel"):
        the_warning(Lines())
