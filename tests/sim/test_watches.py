"""The hotline over weeks: every escalation in time, no critical item without an owner. WIDEBERTH_LONG=1: ten months."""

import os

import pytest
from watches import Month

from wideberth.theatre import hotline_watch

LONG = bool(os.environ.get("WIDEBERTH_LONG"))


@pytest.mark.parametrize("seed", range(10 if LONG else 1))
def test_a_month_of_absent_watches_lost_lines_and_handovers(seed: int) -> None:
    """Every silence climbs when it has to, everything critical has somebody, replay equals live."""
    month = Month(seed)
    month.run(30)
    assert month.told_rungs > 100
    assert month.effective > 50
    assert month.handovers > 50
    assert month.rejected > 10


def test_the_auditor_sees_silence_that_does_not_climb(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the table of silence gone wrong, the same month fails."""
    monkeypatch.setattr(hotline_watch, "ESCALATION", {0: (1, 9, ""), 1: (2, 9, ""), 2: (2, 9, "")})
    with pytest.raises(AssertionError, match=r"early or late|did not climb"):
        Month(0).run(5)
