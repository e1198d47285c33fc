"""Alerts and encounters in the joint review: counted alike by both sides, and only where both were told."""

from types import SimpleNamespace

import pytest
from lines import Lines
from test_evidence_review import SPAN, pair_of, reviewed
from worlds import DAY, HOUR, SECOND

from wideberth.evidence import review as reviewing
from wideberth.evidence.review_page import left_out, page
from wideberth.party.alerts import AcknowledgeAlert, AlertKind, FileEncounter, Side, Stage, Warned, Warning_
from wideberth.party.command import Disclosure
from wideberth.party.hotline import MessageKind

ONE, TWO, HIDDEN, CRASH = (bytes([n]) * 16 for n in (1, 2, 3, 4))


class Sky(Lines):
    """AAA and BBB fly openly, CCC does not."""

    def __init__(self) -> None:
        super().__init__(seed=41)
        self.one, _ = self.plan("AAA", self.box(), disclosure=Disclosure.OPEN)
        self.two, _ = self.plan("BBB", self.box(lat=44), disclosure=Disclosure.OPEN)
        self.three, _ = self.plan("CCC", self.box(lat=46))

    def warn(self, alert: bytes, stage: Stage, first: Side, second: Side) -> None:
        """The node says what it warned of."""
        self.now_us += SECOND
        row = Warning_(alert, AlertKind.PAIR, stage, (first, second), self.now_us, self.now_us, 1_000_000, 90_000)
        self.sequencer.say(Warned((row,)), self.now_us)

    def file(self, party: str, to: str, grade: str, digest: bytes, at_us: int, encounter: bytes = CRASH) -> None:
        """File a version of an encounter."""
        assert self.speak(party, FileEncounter(encounter, digest * 32, grade, at_us, (to,))).accepted


@pytest.fixture(scope="module")
def sky() -> Sky:
    """Two alerts between open plans, one with a hidden plan; an encounter that both sides file, one that one does."""
    world = Sky()
    a, b, c = Side("AAA", world.one, "a"), Side("BBB", world.two, "b"), Side("CCC", world.three, "c")
    world.warn(ONE, Stage.WARNED, a, b)
    world.wait(30)
    assert world.speak("BBB", AcknowledgeAlert(ONE)).accepted
    world.warn(ONE, Stage.HAPPENED, a, b)
    world.wait(30)
    assert world.speak("AAA", AcknowledgeAlert(ONE)).accepted
    world.warn(ONE, Stage.PASSED, a, b)
    world.warn(TWO, Stage.WARNED, a, b)
    world.warn(HIDDEN, Stage.WARNED, a, c)
    at_us = world.now_us
    world.now_us += 3 * DAY
    world.file("AAA", "BBB", "B", b"1", at_us)
    world.file("BBB", "AAA", "C", b"2", at_us + SECOND)
    world.file("CCC", "AAA", "D", b"3", at_us, HIDDEN)
    world.file("BBB", "CCC", "A", b"4", at_us + 2 * DAY, TWO)
    return world


def test_both_sides_count_the_same(sky: Sky) -> None:
    """Each pair's figures from either copy, and from the whole ledger, are the same, and so are their digests."""
    whole = reviewed(sky)
    assert {joint.parties for joint in whole.pairs} == {("AAA", "BBB"), ("AAA", "CCC")}
    for joint in whole.pairs:
        name = "/".join(joint.parties)
        for party in joint.parties:
            made = reviewed(sky, party)
            assert pair_of(made, *joint.parties) == joint, party
            assert made.digests[name] == whole.digests[name]


def test_the_figures_are_those_that_were_told(sky: Sky) -> None:
    """Alerts by stage, who took them up how soon and who did not; encounters by class, and versions that differ."""
    joint = pair_of(reviewed(sky, "AAA"), "AAA", "BBB")
    assert joint.alerts == {"happened": 1, "passed": 1, "warned": 2}
    assert 30 <= joint.taken_up["BBB"].median_s < 33
    assert 60 <= joint.taken_up["AAA"].worst_s < 65
    assert joint.not_taken_up == {"AAA": 1, "BBB": 1}
    assert (joint.encounters, joint.encounters_differ) == (1, 1)
    assert joint.filed == {"AAA": {"B": 1}, "BBB": {"C": 1}}
    other = pair_of(reviewed(sky, "CCC"), "AAA", "CCC")
    assert (other.alerts, other.filed) == ({}, {"CCC": {"D": 1}}), "an alert with a hidden plan names nobody"


def test_an_encounter_counts_when_it_was(sky: Sky) -> None:
    """By its nearest moment, though it was filed days later; alerts by when they were told."""
    first = reviewed(sky, "BBB", (SPAN[0], SPAN[0] + 24 * HOUR))
    assert pair_of(first, "AAA", "BBB").encounters == 1
    late = reviewed(sky, "BBB", (SPAN[0] + 24 * HOUR, SPAN[0] + 120 * HOUR))
    assert {joint.parties for joint in late.pairs} == {("BBB", "CCC")}
    assert pair_of(late, "BBB", "CCC").filed == {"BBB": {"A": 1}}


def test_they_stand_on_the_page(sky: Sky) -> None:
    """Rows for stages, times and classes."""
    text = page(reviewed(sky, "AAA")).decode()
    for row in (
        "<th>alerts of the live watch</th><td>happened 1, passed 1, warned 2</td>",
        "<th>of these with versions that differ</th><td>1</td>",
        "<th>BBB filed, by class</th><td>C 1</td>",
    ):
        assert row in text
    assert "BBB took an alert up" in text


def test_pairs_where_nothing_happened_are_one_line() -> None:
    """A pair with nothing but a query has no table; how many such there are is said."""
    world = Lines(seed=42)
    world.tell("AAA", "BBB", text="A word.")
    world.tell("AAA", "CCC", text="Is it yours?", kind=MessageKind.QUERY)
    made = reviewed(world, "AAA")
    assert [joint.quiet for joint in made.pairs] == [False, True]
    assert left_out(made) == "1 more pair of parties: nothing happened that both were told of."
    text = page(made).decode()
    assert "<h2>AAA and BBB</h2>" in text
    assert "<h2>AAA and CCC</h2>" not in text
    assert left_out(made) in text


def test_the_comparison_can_fail(sky: Sky, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were alerts counted that name one side alone, the two sides would differ."""
    hidden = SimpleNamespace(PRIVATE="never", OPEN=Disclosure.CONFLICT_ONLY)
    monkeypatch.setattr(reviewing, "Disclosure", hidden)
    counts = {party: pair_of(reviewed(sky, party), "AAA", "CCC").alerts for party in ("AAA", "CCC")}
    assert counts["AAA"] != counts["CCC"]
