"""Case O, two NOTAMs with two ceilings for one piece of air. Accounts are disputed; the scenario takes no side.

What must happen here: a notice whose words name another ceiling than its geometry is not sent; a late one goes out at
once, with the contradiction beside it (rows 10 and 15).
"""

import pytest
from lines import Lines
from worlds import HOUR, charter

from wideberth.refusal import Reason
from wideberth.theatre import hotline
from wideberth.theatre.hotline_items import MessageItem


def story(world: Lines) -> None:
    """The geometry ends at 3,000 m, the words at 26,000 ft."""
    air = world.box(lower_m=0, upper_m=3_000)
    _, answer = world.tell("AAA", "BBB", volumes=(air,), text="Closed from ground to 26000 ft AMSL.")
    assert answer.refusal is not None, "two ceilings went out"
    assert answer.refusal.reason is Reason.CONTRADICTION
    assert world.told("BBB", MessageItem) == []


def late(world: Lines) -> None:
    """The same, half an hour before it begins."""
    air = world.box(lower_m=0, upper_m=3_000, start_h=0.5)
    _, answer = world.tell("AAA", "BBB", volumes=(air,), text="Closed from ground to 26000 ft AMSL.")
    assert answer.accepted, "a late warning was held up"
    told = world.last("BBB", MessageItem)
    assert told.late
    assert "26000" in told.contradictions[0][0], "nobody is shown that there are two ceilings"


def test_two_ceilings_do_not_go_out() -> None:
    """The sender is told what its words say and what its volumes do."""
    story(Lines(rules=charter(lead_us=0)))


def test_a_late_warning_goes_out_with_both_shown() -> None:
    """Never queued, never refused."""
    late(Lines())


def test_without_the_linter_both_go_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same stories where words are not compared."""
    monkeypatch.setattr(hotline, "lint", lambda *_: ())
    with pytest.raises(AssertionError, match="two ceilings went out"):
        story(Lines(rules=charter(lead_us=0)))
    with pytest.raises(IndexError):
        late(Lines(rules=charter(lead_us=HOUR)))
