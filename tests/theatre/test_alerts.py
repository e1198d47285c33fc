"""What the live watch leaves in the ledger: each side hears of its own, places never come in, replay is the same."""

from typing import Any

import msgspec
import pytest
from lines import Lines
from worlds import DAY, SECOND

from wideberth.party.alerts import (
    AcknowledgeAlert,
    Aircraft,
    AlertKind,
    FileEncounter,
    SetAircraft,
    Side,
    Stage,
    Warned,
    Warning_,
)
from wideberth.party.command import Disclosure, Text
from wideberth.refusal import Reason
from wideberth.theatre.alert_items import AlertItem, EncounterItem
from wideberth.theatre.alerts import aircraft_of, alerts, encounters
from wideberth.theatre.shown import AsOf
from wideberth.theatre.snapshot import dump, load
from wideberth.theatre.state import State

ALERT = bytes(range(16))
AS_OF = AsOf(0, "", "")


class Warnings(Lines):
    """A theatre in which AAA's plan is open, and BBB's shows in conflicts alone."""

    def __init__(self) -> None:
        super().__init__()
        self.one, first = self.plan("AAA", self.box(), disclosure=Disclosure.OPEN)
        self.two, second = self.plan("BBB", self.box(lat=44))
        assert first.accepted
        assert second.accepted

    def fly(self, party: str, operation: bytes, *addresses: str) -> Reason | None:
        """Say which aircraft fly a plan."""
        no = self.speak(party, SetAircraft(operation, 0), Aircraft(addresses)).refusal
        return no.reason if no is not None else None

    def warn(self, stage: Stage = Stage.WARNED, alert: bytes = ALERT) -> None:
        """The node says what it warned of."""
        sides = (Side("AAA", self.one, "3c6444"), Side("BBB", self.two, "4b1815"), Side("", b"", "a12345"))
        self.now_us += SECOND
        closest_us = self.now_us + 60 * SECOND
        warning = Warning_(alert, AlertKind.PAIR, stage, sides[:2], self.now_us, closest_us, 1_500_000, 90_000)
        self.sequencer.say(Warned((warning,)), self.now_us)


@pytest.fixture
def world() -> Warnings:
    """The theatre."""
    return Warnings()


def same(world: Warnings) -> bool:
    """Whether the ledger alone, and a snapshot, give the state that there is."""
    loaded = load(dump(world.state))
    assert isinstance(loaded, State)
    return world.replayed().digest() == loaded.digest() == world.state.digest()


def test_each_side_hears_of_its_own(world: Warnings) -> None:
    """Own track and plan, how near and when; the other's party only where its plan is open; strangers hear nothing."""
    world.warn()
    mine, theirs = world.last("AAA", AlertItem), world.last("BBB", AlertItem)
    assert (mine.what, mine.operation, mine.track, mine.other) == ("warned", world.one, "3c6444", "")
    assert (theirs.track, theirs.other, theirs.horizontal_mm) == ("4b1815", "AAA", 1_500_000)
    assert world.told("CCC", AlertItem) == []
    assert [a.other for a in alerts(world.state, "AAA", AS_OF).alerts] == [None]
    assert [a.other for a in alerts(world.state, "BBB", AS_OF).alerts] == ["AAA"]
    assert alerts(world.state, "CCC", AS_OF).alerts == ()
    assert same(world)


def test_a_party_that_watches_all_hides_no_name(world: Warnings) -> None:
    """Between two sides it has no plan of its own: BBB still learns whose open plan it meets, in notice and list."""
    at_us = world.now_us + SECOND
    sides = (Side("AAA", world.one, "3c6444"), Side("BBB", world.two, "4b1815"), Side("CCC", b"", ""))
    for order in (sides, (sides[2], sides[0], sides[1])):
        world.now_us += SECOND
        warning = Warning_(world.draw(16), AlertKind.PAIR, Stage.WARNED, order, at_us, at_us, 1_500_000, 90_000)
        world.sequencer.say(Warned((warning,)), world.now_us)
        assert world.last("BBB", AlertItem).other == "AAA"
        assert alerts(world.state, "BBB", AS_OF).alerts[0].other == "AAA"
        assert world.last("AAA", AlertItem).other == ""


@pytest.mark.parametrize("kind", [AlertKind.ENTRY, AlertKind.PLACE, AlertKind.LINE])
@pytest.mark.parametrize("hidden", [True, False])
def test_of_what_is_hidden_neither_kind_nor_second_is_told(world: Warnings, kind: AlertKind, hidden: bool) -> None:
    """Who flies towards a plan, a place or a line of another reads the same, unless it is open; its owner reads what
    it is. A third party that claims the aircraft learns no more."""
    owner, flyer = ("BBB", "AAA") if hidden else ("AAA", "BBB")
    zone, plan = (world.two, world.one) if hidden else (world.one, world.two)
    sides = (Side(flyer, plan, "3c6444"), Side(owner, zone, ""), Side("CCC", world.draw(16), "3c6444"))
    world.now_us += 37 * SECOND
    warning = Warning_(ALERT, kind, Stage.WARNED, sides, world.now_us, world.now_us, 0, 0)
    world.sequencer.say(Warned((warning,)), world.now_us)
    for party in (flyer, "CCC", owner):
        told = AlertKind.ENTRY if hidden and party != owner else kind
        (row,) = alerts(world.state, party, AS_OF).alerts
        assert world.last(party, AlertItem).kind == row.kind == told
        whole_minute = row.since.endswith(":00Z") or row.since.endswith(":00.000000Z")
        assert whole_minute == (hidden and party != owner), row.since
    assert same(world)


def test_an_alert_is_taken_up_by_whom_it_concerns(world: Warnings) -> None:
    """Once, before it has passed; the other side learns that it was, and not by whom where that is hidden."""
    world.warn()

    def take(party: str, alert: bytes = ALERT) -> Reason | None:
        no = world.speak(party, AcknowledgeAlert(alert)).refusal
        return no.reason if no is not None else None

    assert take("CCC") is Reason.UNKNOWN
    assert take("AAA", bytes(16)) is Reason.UNKNOWN
    assert take("BBB") is None
    assert (world.last("AAA", AlertItem).what, world.last("AAA", AlertItem).by) == ("acknowledged", "the other side")
    assert world.last("BBB", AlertItem).by == "BBB"
    assert take("BBB") is Reason.WRONG_STATE
    (seen,) = alerts(world.state, "AAA", AS_OF).alerts
    assert (seen.acknowledged, seen.acknowledged_by_other) == (False, True)
    world.warn(Stage.PASSED)
    assert take("AAA") is Reason.WRONG_STATE
    assert same(world)


def test_a_later_stage_is_the_same_alert(world: Warnings) -> None:
    """Who took it up stays on record; a day after it is forgotten."""
    world.warn()
    assert world.speak("AAA", AcknowledgeAlert(ALERT)).accepted
    world.warn(Stage.HAPPENED)
    (row,) = world.state.alerts.values()
    assert (row.stage, row.acknowledged) == (Stage.HAPPENED, ("AAA",))
    assert row.since_us < row.at_us
    world.now_us += 2 * DAY
    world.warn(alert=bytes(16))
    assert list(world.state.alerts) == [bytes(16)]
    assert same(world)


def test_aircraft_of_a_plan(world: Warnings) -> None:
    """By address the plans that name it, in any letters, the first that was filed first; nobody else reads them."""
    one, two = ("AAA", world.one), ("BBB", world.two)
    assert world.fly("AAA", world.one, "3C6444", "A12345") is None
    assert aircraft_of(world.state) == ({"3c6444": (one,), "a12345": (one,)}, {})
    assert world.fly("BBB", world.two, "3c6444") is None
    assert aircraft_of(world.state) == ({"3c6444": (one, two), "a12345": (one,)}, {})
    assert aircraft_of(world.state, lambda ref: ref == two) == ({"3c6444": (two,)}, {})
    assert world.speak("BBB", SetAircraft(world.two, None)).accepted
    assert aircraft_of(world.state)[0]["3c6444"] == (one,)
    assert same(world)


def test_callsigns_of_a_plan(world: Warnings) -> None:
    """A callsign counts where the plan gives no address, in any letters."""
    one, two = ("AAA", world.one), ("BBB", world.two)
    named = Aircraft((), ("rlf417", "RLF418"))
    assert world.speak("AAA", SetAircraft(world.one, 0), named).accepted
    assert aircraft_of(world.state) == ({}, {"RLF417": (one,), "RLF418": (one,)})
    assert world.speak("BBB", SetAircraft(world.two, 0), Aircraft((), ("Rlf417",))).accepted
    assert aircraft_of(world.state) == ({}, {"RLF417": (one, two), "RLF418": (one,)})
    assert world.speak("AAA", SetAircraft(world.one, 0), Aircraft(("3c6444",), ("RLF418",))).accepted
    assert aircraft_of(world.state) == ({"3c6444": (one,)}, {"RLF417": (two,)})


def test_aircraft_that_are_refused(world: Warnings) -> None:
    """Others' plans, no name at all, names that hide something, far too many."""
    assert world.fly("BBB", world.one, "3c6444") is Reason.UNKNOWN
    assert world.fly("AAA", world.one) is Reason.TOO_MANY
    assert world.fly("AAA", world.one, "3c64\u202e44") is Reason.MALFORMED
    assert world.fly("AAA", world.one, *(f"{i:06x}" for i in range(65))) is Reason.TOO_MANY


def test_nobody_but_the_node_says_what_was_warned_of(world: Warnings) -> None:
    """A party's word for it is refused."""
    answer = world.speak("AAA", Warned(()))
    assert answer.refusal is not None
    assert answer.refusal.reason is Reason.NOT_PERMITTED


def file_(world: Warnings, party: str, *to: str, digest: bytes = bytes(32), **changes: Any) -> Reason | None:
    """File a version of an encounter."""
    base = FileEncounter(ALERT, digest, "B", world.state.time_us - SECOND, to, 0)
    no = world.speak(party, msgspec.structs.replace(base, **changes), Text("en", f"As {party} saw it.")).refusal
    return no.reason if no is not None else None


def test_both_versions_of_an_encounter_stand_side_by_side(world: Warnings) -> None:
    """Each side files its own; those whom it names are told, nobody else; neither is preferred."""
    assert file_(world, "AAA", "BBB") is None
    assert file_(world, "BBB", "AAA", digest=b"\1" * 32) is None
    for reader in ("AAA", "BBB"):
        seen = encounters(world.state, reader, AS_OF).encounters
        assert [(e.party, e.digest[:2], e.text) for e in seen] == [
            ("AAA", "00", "As AAA saw it."),
            ("BBB", "01", "As BBB saw it."),
        ]
    assert encounters(world.state, "CCC", AS_OF).encounters == ()
    assert world.told("CCC", EncounterItem) == []
    assert world.last("BBB", EncounterItem).party in ("AAA", "BBB")
    assert same(world)


def test_encounters_that_are_refused(world: Warnings) -> None:
    """Twice, no class, ahead of time, for strangers, for oneself, a hash that is none."""
    assert file_(world, "AAA", "BBB", grade="F") is Reason.OUT_OF_RANGE
    assert file_(world, "AAA", "BBB", at_us=world.now_us + DAY) is Reason.TIME_ORDER
    assert file_(world, "AAA", "ZZZ") is Reason.UNKNOWN
    assert file_(world, "AAA", "AAA") is Reason.UNKNOWN
    assert file_(world, "AAA", "BBB", digest=b"short") is Reason.MALFORMED
    assert file_(world, "AAA", "BBB") is None
    assert file_(world, "AAA", "BBB") is Reason.EXISTS
