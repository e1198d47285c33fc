"""Free text that says another thing than the geometry."""

import pytest
from lines import Lines
from worlds import HOUR, charter

from wideberth.party.command import Text, Volumes
from wideberth.party.hotline import Precedence, Stop
from wideberth.refusal import Reason
from wideberth.space.volume import Circle, Volume4D
from wideberth.theatre import hotline
from wideberth.theatre.hotline_items import MessageItem
from wideberth.theatre.hotline_views import messages
from wideberth.theatre.shown import AsOf

WRONG = "Stay out of 43 30 N 037 00 W below 300 ft AMSL from 0900Z."


def test_a_notice_that_contradicts_itself_is_not_sent() -> None:
    """The refusal says what was said and what the volumes say; a text that fits goes out."""
    world = Lines()
    _, answer = world.tell("AAA", "BBB", volumes=(world.box(lower_m=5_000, upper_m=6_000),), text="Below 300 ft AMSL.")
    assert answer.refusal is not None
    assert answer.refusal.reason is Reason.CONTRADICTION
    assert "300" in answer.refusal.received
    assert "5000" in answer.refusal.limit
    assert world.told("BBB", MessageItem) == []
    assert world.tell("AAA", "BBB", volumes=(world.box(),), text="Call before entering.")[1].accepted


def test_a_late_notice_goes_out_with_the_contradiction_beside_it() -> None:
    """Inside the lead time nothing holds it up; its readers are shown what does not fit."""
    world = Lines(rules=charter(lead_us=3 * HOUR))
    box = world.box(start_h=0.5, lower_m=5_000, upper_m=6_000)
    _, answer = world.tell("AAA", "BBB", volumes=(box,), text="Below 300 ft AMSL.", precedence=Precedence.FLASH)
    assert answer.accepted is not None
    assert answer.accepted.late
    assert "300" in world.last("BBB", MessageItem).contradictions[0][0]


def test_a_stop_is_never_held_up_by_its_text_or_its_volumes() -> None:
    """A contradiction is shown beside it; volumes that are none are passed over."""
    world = Lines()
    high = Volumes((world.box(lower_m=5_000, upper_m=6_000),))
    stop = Stop(world.draw(16), "stop", 0, 1)
    assert world.speak("AAA", stop, Text("en", "Below 300 ft AMSL."), high).accepted
    assert world.last("BBB", MessageItem).contradictions
    broken = Volumes((Volume4D(Circle(2**62, 0, -1), 9, -9, 5, 1),))
    again = Stop(world.draw(16), "stop", 0, 1)
    assert world.speak("AAA", again, Text("en", WRONG), broken).accepted
    assert world.last("BBB", MessageItem).contradictions == ()
    assert not world.last("BBB", MessageItem).where
    for party in ("AAA", "BBB"):
        assert len(messages(world.state, party, AsOf(0, "", "")).messages) == 2


def test_a_stop_outlives_a_fault_in_comparing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Should the comparison itself break, the STOP goes out and says so."""

    def broken(*_: object) -> None:
        raise KeyError("unforeseen")

    world = Lines()
    monkeypatch.setattr(hotline, "lint", broken)
    stop = Stop(world.draw(16), "stop", 0, 1)
    assert world.speak("AAA", stop, Text("en", "Below 300 ft AMSL."), Volumes((world.box(),))).accepted
    assert world.last("BBB", MessageItem).contradictions == (("", "the text could not be compared"),)
