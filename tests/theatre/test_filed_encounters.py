"""Encounters that parties file: no older than anybody can know, no more than anybody meets, and a list that ends."""

import pytest
from lines import Lines
from worlds import DAY, SECOND

from wideberth.limits import ENCOUNTER_OLD_US, ENCOUNTERS_A_DAY_MAX
from wideberth.party.alerts import FileEncounter
from wideberth.refusal import Refusal
from wideberth.theatre import alerts
from wideberth.theatre.alert_items import EncounterItem
from wideberth.theatre.shown import AsOf

AS_OF = AsOf(0, "", "")


class Filing(Lines):
    """A theatre whose parties file."""

    def file_(self, party: str, to: str, at_us: int = 0) -> Refusal | None:
        """File an encounter of a second ago, or of that time."""
        self.now_us += 1
        at_us = at_us or self.state.time_us - SECOND
        return self.speak(party, FileEncounter(self.draw(16), bytes(32), "B", at_us, (to,))).refusal


@pytest.fixture
def world() -> Filing:
    """The theatre."""
    return Filing()


def test_an_encounter_is_not_older_than_ninety_days(world: Filing) -> None:
    """What is dated 1970 is told to nobody."""
    for at_us in (1, world.now_us - ENCOUNTER_OLD_US - SECOND):
        no = world.file_("AAA", "BBB", at_us)
        assert no is not None
        assert (no.reason, no.field, no.limit) == ("out-of-range", "command.at_us", "at most 90 days ago")
    assert world.told("BBB", EncounterItem) == []
    assert world.file_("AAA", "BBB", world.now_us - ENCOUNTER_OLD_US + SECOND) is None


def test_a_party_files_no_flood(world: Filing) -> None:
    """A hundred within a day, whatever others file; a day after the first, one more."""
    for _ in range(ENCOUNTERS_A_DAY_MAX):
        assert world.file_("AAA", "BBB") is None
    no = world.file_("AAA", "BBB")
    assert no is not None
    assert (no.reason, no.limit) == ("too-many", "at most 100 encounters a day")
    assert len(world.told("BBB", EncounterItem)) == ENCOUNTERS_A_DAY_MAX
    assert world.file_("BBB", "AAA") is None
    world.now_us += DAY
    world.pass_time(SECOND)
    assert world.file_("AAA", "BBB") is None


def test_the_list_ends_and_says_how_many_there_are(world: Filing, monkeypatch: pytest.MonkeyPatch) -> None:
    """The latest come, with the count of all that concern the reader."""
    times = [world.now_us - n * SECOND for n in (3, 1, 2)]
    for at_us in times:
        assert world.file_("AAA", "BBB", at_us) is None
    assert world.file_("AAA", "CCC") is None
    monkeypatch.setattr(alerts, "ENCOUNTERS_SHOWN_MAX", 2)
    seen = alerts.encounters(world.state, "BBB", AS_OF)
    assert seen.total == 3
    assert [one.at for one in seen.encounters] == [alerts.time_text(at_us) for at_us in sorted(times)[:0:-1]]
