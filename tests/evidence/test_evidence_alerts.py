"""Alerts and encounters in evidence: sentences in both verifiers, each side as it was told, nothing of others."""

from functools import cache
from typing import Any, NamedTuple

import msgspec
import pytest
from evidence_kit import MAKER, Told, all_of_it, made, members, reframed, relisted, zipped
from lines import Lines
from worlds import SECOND

from wideberth.evidence.bundle import program
from wideberth.evidence.proof import check
from wideberth.evidence.proof.alerts import came
from wideberth.evidence.proof.check import ENTRIES, NEEDED, NODE_COMMANDS, REPORT, Checked
from wideberth.evidence.proof.main import examine as travelling
from wideberth.evidence.proof.story import Line, tell
from wideberth.evidence.subject import Subject
from wideberth.evidence.verify import verify as by_the_house
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
from wideberth.party.command import NODE_COMMANDS as ALL_NODE_COMMANDS
from wideberth.party.command import Disclosure, Text

ALERT, OTHER, STRAY, ENCOUNTER = (bytes([n]) * 16 for n in (1, 2, 3, 4))


class Flown(NamedTuple):
    """AAA's open plan and BBB's meet, and their aircraft do; CCC's plan has an alert of its own with AAA's second."""

    story: Told
    one: bytes
    two: bytes
    far: bytes


def warning(alert: bytes, stage: Stage, at_us: int, *sides: Side, **changes: Any) -> Warning_:
    """A warning of a pair."""
    nearest_us = at_us + 60 * SECOND
    base = Warning_(alert, AlertKind.PAIR, stage, sides, at_us, nearest_us, 1_500_000, 90_000)
    return msgspec.structs.replace(base, **changes)


@cache
def flown() -> Flown:
    """The story, told once; do not change the world."""
    world = Lines(seed=31)
    one, _ = world.plan("AAA", world.box(), disclosure=Disclosure.OPEN)
    two, answer = world.plan("BBB", world.box(radius_m=4_000))
    far, _ = world.plan("CCC", world.box(lat=44))
    away, _ = world.plan("AAA", world.box(lat=44, lon=-30))
    assert answer.accepted is not None
    assert world.speak("AAA", SetAircraft(one, 0), Aircraft(("3c6444",), ("RLF417",))).accepted
    a, b = Side("AAA", one, "3c6444"), Side("BBB", two, "4b1815")

    def say(*rows: Warning_) -> None:
        world.now_us += SECOND
        world.sequencer.say(Warned(rows), world.now_us)

    say(warning(ALERT, Stage.WARNED, world.now_us, a, b))
    other = warning(OTHER, Stage.WARNED, world.now_us, Side("AAA", away, "3c6555"), Side("CCC", far, "c0ffee"))
    say(warning(ALERT, Stage.HAPPENED, world.now_us, a, b, doubtful=True), other)
    assert world.speak("BBB", AcknowledgeAlert(ALERT)).accepted
    say(warning(ALERT, Stage.PASSED, world.now_us, a, b))
    say(warning(STRAY, Stage.HAPPENED, world.now_us, a, kind=AlertKind.OFF_PLAN, horizontal_mm=0, vertical_mm=0))
    for party, to in (("AAA", "BBB"), ("BBB", "AAA")):
        filed = FileEncounter(ENCOUNTER, party[0].encode() * 32, "B", world.now_us, (to,), 0)
        assert world.speak(party, filed, Text("en", f"As {party} saw it.")).accepted
    story = Told(world, b"", b"", one, answer.accepted.conflicts[0])
    return Flown(story, one, two, far)


def evidence(kind: str, thing: bytes, party: str = "", owner: str = "") -> tuple[bytes, Checked]:
    """The file about something of the story."""
    return made(Subject(kind, owner, thing.hex()), party, flown().story)


def lines(checked: Checked) -> list[Line]:
    """All lines in order."""
    return [line for row in tell(checked).rows for line in row.lines]


def whats(checked: Checked, kind: str, party: str) -> list[str]:
    """What one said or was told."""
    return [line.what for line in lines(checked) if (line.kind, line.party) == (kind, party)]


def test_the_node_is_who_says_it() -> None:
    """The travelling verifier knows every command that the node alone says; a ledger with another would be unsound."""
    assert set(NODE_COMMANDS) == {kind.__struct_config__.tag for kind in ALL_NODE_COMMANDS}


def test_the_whole_time_is_sound_by_both_and_told_in_sentences() -> None:
    """Warnings, who took them up, aircraft and versions of an encounter stand in words; both verifiers say: sound."""
    file, checked = made(all_of_it(), story=flown().story)
    parts = members(file)
    with zipped(parts) as archive:
        assert travelling(archive)[1] == by_the_house(archive, program(), MAKER)[1] == []
    ledger = [what for what in whats(checked, "ledger", "") if what.startswith("the live watch")]
    assert ledger == [
        "the live watch told AAA and BBB: two tracks are about to come too near one another",
        "the live watch told AAA and BBB: two tracks have come too near one another",
        "the live watch told AAA and CCC: two tracks are about to come too near one another",
        "the live watch told AAA and BBB: two tracks are too near no longer",
        "the live watch told AAA: a track has left its own plan",
    ]
    assert "takes an alert up" in whats(checked, "said", "BBB")
    assert "files its version of an encounter" in whats(checked, "said", "AAA")
    facts = dict(next(line.facts for line in lines(checked) if "names the aircraft" in line.what))
    assert (facts["addresses"], facts["callsigns"]) == ("3c6444", "RLF417")
    marks = {mark.what for mark in tell(checked).marks}
    assert {"alert", "taken up", "encounter"} <= marks
    page = parts[REPORT].decode()
    assert "two tracks have come too near one another" in page
    assert "1500 m" in page
    assert "physics or the format speaks against a track of it" in page


@pytest.mark.parametrize("party", ["AAA", "BBB"])
def test_a_party_shows_what_it_was_told(party: str) -> None:
    """Of an alert its own side, the other's party where that is open, and no word of the other side's track."""
    file, checked = evidence("alert", ALERT, party)
    other = "BBB" if party == "AAA" else "AAA"
    assert whats(checked, "told", party) == [
        "two tracks are about to come too near one another",
        "two tracks have come too near one another",
        *(
            ["two tracks are about to come too near one another"] if party == "AAA" else []
        ),  # of one and the same notice
        "an alert was taken up",
        "two tracks are too near no longer",
    ]
    assert whats(checked, "told", other) == whats(checked, "ledger", "")[1:] == []
    facts = dict(lines(checked)[-1].facts)
    assert facts["the other side"] == ("not named" if party == "AAA" else "AAA")
    everything = b"".join(part[1] for given in checked.rows for part in given.parts if part is not None)
    assert (b"4b1815" if party == "AAA" else b"3c6444") not in everything
    assert b"c0ffee" not in everything
    assert file


def test_one_alert_shows_nothing_of_another() -> None:
    """From a whole ledger: an entry that tells of two alerts is not shown with one; the other's parties stay out."""
    checked = evidence("alert", ALERT)[1]
    told = [what for what in whats(checked, "ledger", "") if what.startswith("the live watch")]
    assert len(told) == 2, "the entry that tells of both is left out"
    everything = b"".join(part[1] for given in checked.rows for part in given.parts if part is not None)
    assert b"c0ffee" not in everything
    assert whats(checked, "told", "CCC") == []
    assert "files a plan" in whats(checked, "said", "BBB"), "the plans that it concerns come along"


def test_alerts_belong_to_the_operation_and_to_its_conflict() -> None:
    """A conflict brings the alerts of its two plans, an operation its own; alerts with others' plans stay out."""
    for checked in (evidence("conflict", flown().story.conflict)[1], evidence("operation", flown().one, "", "AAA")[1]):
        assert "two tracks have come too near one another" in whats(checked, "told", "BBB")
        assert "a track has left its own plan" in whats(checked, "told", "AAA")
        assert "takes an alert up" in whats(checked, "said", "BBB")
        assert whats(checked, "told", "CCC") == []
    assert "names the aircraft that fly a plan" in whats(evidence("operation", flown().one)[1], "said", "AAA")


def test_both_versions_of_an_encounter_stand_side_by_side() -> None:
    """From one side's own copy: its own version as it signed it, the other's as it was told, each with its words."""
    checked = evidence("encounter", ENCOUNTER, "BBB")[1]
    assert whats(checked, "said", "BBB") == ["files its version of an encounter"]
    assert whats(checked, "said", "AAA") == []
    assert whats(checked, "told", "BBB") == ["a version of an encounter was filed"] * 2
    words = {text for line in lines(checked) for _, text in line.words}
    assert words == {"As AAA saw it.", "As BBB saw it."}
    digests = {dict(line.facts)["digest"] for line in lines(checked) if line.kind == "told"}
    assert digests == {(b"A" * 32).hex(), (b"B" * 32).hex()}


def test_every_byte_of_an_alert_and_an_encounter_counts() -> None:
    """Each byte of what tells of them, turned, with every digest made right: both verifiers find it."""
    for kind, thing in (("alert", ALERT), ("encounter", ENCOUNTER)):
        parts = members(evidence(kind, thing)[0])
        bare = {name: parts[name] for name in NEEDED}
        entries = bare[ENTRIES]
        marks = [at for at in range(len(entries)) if entries.startswith(thing, at)]
        assert len(marks) > 2
        for at in sorted({near for mark in marks for near in range(mark - 8, mark + 60, 3)}):
            bent = bytearray(entries)
            bent[at] ^= 1 << (at % 8)
            with zipped(relisted(bare | {ENTRIES: reframed(bytes(bent))})) as archive:
                assert travelling(archive)[1], f"the travelling verifier took byte {at} of the {kind}"
                assert by_the_house(archive, program(), "another version")[1], f"the house took byte {at}"


def test_the_tests_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the node's word for alerts not known, the file would not be sound."""
    parts = members(made(all_of_it(), story=flown().story)[0])
    monkeypatch.setattr(check, "NODE_COMMANDS", ("genesis", "new_epoch", "tick", "due", "commit_state", "delivered"))
    with zipped(parts) as archive:
        assert any("nobody says it" in fault for fault in travelling(archive)[1])


def test_every_kind_and_stage_has_its_sentence() -> None:
    """No alert is told by its code alone."""
    for kind in AlertKind:
        for stage in Stage:
            assert "an alert," not in came(kind.value, stage.value)
