"""The joint review: both sides of every pair find the same figures in their own copies."""

from types import SimpleNamespace

import msgspec
import pytest
from lines import Lines, cell
from worlds import HOUR, SECOND, START_US

from wideberth.evidence import review as reviewing
from wideberth.evidence.figures import times
from wideberth.evidence.given import held, parts_given
from wideberth.evidence.review import Joint, Review, review
from wideberth.evidence.review_page import page
from wideberth.party.command import AcceptRisk, Disclosure, Text
from wideberth.party.hotline import AnswerKind, CheckLine, Doubt, MessageSubject, Path, Precedence
from wideberth.party.hotline import Review as Reviewed

SPAN = (START_US - HOUR, START_US + 48 * HOUR)


def reviewed(world: Lines, party: str = "", span: tuple[int, int] = SPAN) -> Review:
    """A review from a party's own copy, or from the whole ledger."""
    made_from = (world.store.head.size, world.store.head.root)
    if not party:
        everything = review(world.store.read(), lambda e: set(range(len(e.parts))), "", span, made_from)
        assert isinstance(everything, Review)
        return everything
    named = held(party, world.store.read()).commitments()
    return review(world.store.read(), lambda e: parts_given(e, party, named), party, span, made_from)


def pair_of(made: Review, *parties: str) -> Joint:
    """The figures of a pair."""
    return next(joint for joint in made.pairs if set(joint.parties) == set(parties))


@pytest.fixture(scope="module")
def busy() -> Lines:
    """A day on which much goes wrong: silence, misreading, doubts, refusals, STOP, a dead line, late plans, drills."""
    world = Lines(seed=21)
    world.tree("BBB", cell("HQ"), cell("B1", "HQ"))
    for _ in range(2):
        first, _ = world.tell("AAA", "BBB", volumes=(world.box(),), precedence=Precedence.FLASH)
        world.wait(20)
        world.receive("BBB", "AAA", first, "HQ", echo=("wrong",) * 3)
        world.receive("BBB", "AAA", first, "HQ")
        world.wait(250)
        world.receive("BBB", "AAA", first, "B1")
    world.reply("BBB", "AAA", first, AnswerKind.NOT_OURS, "B1")
    second, _ = world.tell("BBB", "AAA", "CCC", text="A word.", precedence=Precedence.PRIORITY)
    world.wait(42)
    world.receive("AAA", "BBB", second)
    doubt = world.draw(16)
    world.speak("CCC", Doubt(doubt, MessageSubject("BBB", second, 1), 0), Text("en", "Is it so?"))
    world.reply("CCC", "BBB", second, AnswerKind.DECLINED)
    third, _ = world.tell("CCC", "AAA", text="To be forgotten.")
    world.reply("AAA", "CCC", third, AnswerKind.NOT_OURS)
    world.tell("CCC", "AAA", text="Said anew.", message=third, replaces=1)
    world.tell("AAA", "BBB", text="Only a drill.", drill=True)
    stop, _ = world.stop("CCC")
    world.receive("AAA", "CCC", stop)
    for _ in range(4):
        world.speak("AAA", CheckLine(world.draw(16), "BBB", Path.FIRST))
        world.wait(65)
    world.plan("AAA", world.box(start_h=2))
    _, answer = world.plan("BBB", world.box(start_h=0.6, hours=2))
    assert answer.accepted is not None
    (conflict,) = answer.accepted.conflicts[:1]
    world.wait(100)
    for party in ("AAA", "BBB"):
        accepted = world.speak(party, AcceptRisk(conflict, 0), Text("en", "We see each other."))
        assert accepted.accepted, accepted.refusal
    world.plan("CCC", world.box(start_h=2), disclosure=Disclosure.PRIVATE)
    return world


def test_both_sides_find_the_same_figures(busy: Lines) -> None:
    """Each pair's figures and digests from either party's own copy, and from the whole ledger, are the same."""
    whole = reviewed(busy)
    assert {joint.parties for joint in whole.pairs} == {("AAA", "BBB"), ("AAA", "CCC"), ("BBB", "CCC")}
    for joint in whole.pairs:
        for party in joint.parties:
            made = reviewed(busy, party)
            assert pair_of(made, *joint.parties) == joint, party
            assert made.digests["/".join(joint.parties)] == whole.digests["/".join(joint.parties)]


def test_the_figures_are_those_of_the_day(busy: Lines) -> None:
    """What happened, counted by hand."""
    made = reviewed(busy, "AAA")
    joint = pair_of(made, "AAA", "BBB")
    assert joint.notices == {"AAA": 2, "BBB": 1}
    assert joint.drills == 1
    assert joint.misread == {"BBB": 2}
    assert joint.escalations["BBB"] >= 2
    assert joint.responses["BBB"]["flash"].count == 2
    assert 270 <= joint.responses["BBB"]["flash"].worst_s < 280
    assert 42 <= joint.responses["AAA"]["priority"].median_s < 43
    assert [row[2:] for row in joint.disagreements] == [("BBB", "not-ours")]
    assert (joint.line_degraded, joint.line_lost) == (2, 1)
    assert (joint.conflicts, joint.settled, joint.late_plans) == (1, 1, 1)
    assert joint.settling is not None
    assert 100 <= joint.settling.median_s < 105
    other = pair_of(made, "AAA", "CCC")
    assert other.stops == {"CCC": 1}
    assert other.disagreements == (), "what was answered to an old version is no open disagreement"
    assert pair_of(reviewed(busy), "BBB", "CCC").doubts == {"CCC": 1}
    assert pair_of(reviewed(busy), "BBB", "CCC").doubts_open == 1
    assert made.own.conflicts_unnamed == 1
    assert set(reviewed(busy, "BBB").own.cells) >= {"BBB/HQ", "BBB/B1"}
    assert reviewed(busy, "AAA").own.cells.keys() == {"AAA"}


def test_a_review_of_a_doubt_counts() -> None:
    """A doubt that a second person has looked at is no open one."""
    world = Lines(seed=22)
    world.grant("BBB", "second")
    message, _ = world.tell("AAA", "BBB", text="The bridge is down.")
    doubt = world.draw(16)
    world.speak("BBB", Doubt(doubt, world.subject("AAA", message), 0), Text("en", "Which one?"))
    assert pair_of(reviewed(world, "AAA"), "AAA", "BBB").doubts_open == 1
    assert world.speak("BBB", Reviewed(doubt, 0), Text("en", "The northern one."), watch="second").accepted
    joint = pair_of(reviewed(world, "AAA"), "AAA", "BBB")
    assert (joint.doubts, joint.doubts_open) == ({"BBB": 1}, 0)
    assert joint == pair_of(reviewed(world, "BBB"), "AAA", "BBB")


def test_only_the_span_counts(busy: Lines) -> None:
    """A span before everything is empty; two halves give each what happened in it."""
    assert reviewed(busy, "AAA", (START_US - 2 * HOUR, START_US - HOUR)).pairs == ()
    cut = START_US + 400 * SECOND
    first, second = (pair_of(reviewed(busy, "AAA", s), "AAA", "BBB") for s in ((SPAN[0], cut), (cut, SPAN[1])))
    whole = pair_of(reviewed(busy, "AAA"), "AAA", "BBB")
    assert first.notices["AAA"] + second.notices.get("AAA", 0) == whole.notices["AAA"]
    assert first.misread["BBB"] + second.misread.get("BBB", 0) == whole.misread["BBB"]


def test_it_says_what_it_was_made_from(busy: Lines) -> None:
    """Ledger position and root stand in it, and on the page, which needs nothing else and takes no side."""
    made = reviewed(busy, "AAA")
    assert (made.position, made.root) == (busy.store.head.size, busy.store.head.root.hex())
    text = page(made).decode()
    assert made.root in text
    assert made.digests["AAA/BBB"] in text
    assert "<script" not in text
    assert "default-src 'none'" in text
    assert "<th>encounters filed</th><td>0</td>" in text
    assert msgspec.json.decode(msgspec.json.encode(made), type=Review) == made


def test_times_by_the_nearest_rank() -> None:
    """Median, 95th of a hundred and worst, of one and of many; none of none."""
    assert times([]) is None
    one = times([2_500_000])
    assert one is not None
    assert (one.count, one.median_s, one.p95_s, one.worst_s) == (1, 2.5, 2.5, 2.5)
    many = times([n * 1_000_000 for n in range(100, 0, -1)])
    assert many is not None
    assert (many.median_s, many.p95_s, many.worst_s) == (50.0, 95.0, 100.0)


def test_the_comparison_can_fail(busy: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were private conflicts counted, the two sides would differ."""
    monkeypatch.setattr(
        reviewing, "Disclosure", SimpleNamespace(PRIVATE="is not told from others", OPEN=Disclosure.OPEN)
    )
    before = reviewed(busy, "CCC"), reviewed(busy, "AAA")
    pairs = [{joint.parties: joint.conflicts for joint in made.pairs} for made in before]
    assert pairs[0] != pairs[1]
