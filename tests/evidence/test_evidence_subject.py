"""What is shown, and to whom: as little as the subject needs, and never more than the maker holds."""

import zipfile
from io import BytesIO

import pytest
from evidence_kit import Source, Told, all_of_it, made, members, of_message, told
from lines import Lines
from worlds import START_US

from wideberth.evidence.given import held, parts_given
from wideberth.evidence.proof.check import ENTRIES, REPORT, Checked
from wideberth.evidence.proof.entries import Entries, Given
from wideberth.evidence.proof.story import Story, tell
from wideberth.evidence.subject import Subject, choose
from wideberth.party.command import Erase
from wideberth.party.hotline import Delivered, Delivery, MessageKind, Path, Precedence
from wideberth.refusal import Reason, Refusal


def given_in(file: bytes) -> list[Given]:
    """The entries of a file."""
    with zipfile.ZipFile(BytesIO(file)) as archive, archive.open(ENTRIES) as entries:
        return list(Entries(entries))  # type: ignore[arg-type]


def shown_in(file: bytes) -> dict[tuple[int, int], bytes]:
    """The contents shown, by entry and part."""
    return {(g.sequence, i): part[1] for g in given_in(file) for i, part in enumerate(g.parts) if part is not None}


def lines_of(checked: Checked, kind: str, party: str) -> list[str]:
    """What somebody said or was told, in order."""
    story: Story = tell(checked)
    return [line.what for row in story.rows for line in row.lines if (line.kind, line.party) == (kind, party)]


@pytest.mark.parametrize("party", ["AAA", "BBB", "CCC"])
def test_a_party_shows_what_it_was_given_and_no_more(party: str) -> None:
    """Every part in a party's file is one that the party holds, whatever the subject."""
    world = told().world
    named = held(party, world.store.read()).commitments()
    allowed = {(e.sequence, i) for e in world.store.read() for i in parts_given(e, party, named)}
    shown = set(shown_in(made(all_of_it(), party)[0]))
    assert shown
    assert shown <= allowed
    if party != "CCC":
        assert set(shown_in(made(of_message(told()), party)[0])) <= allowed


def test_another_subject_stays_out() -> None:
    """Evidence about one message says nothing of another, not even that it exists; nor of what the theatre keeps."""
    story = told()
    file = made(of_message(story))[0]
    everything = b"".join(shown_in(file).values())
    assert story.message in everything
    assert story.other not in everything
    assert story.conflict not in everything
    assert b"A word between the two of us." not in everything
    assert not any(content.startswith(b"\x9a\xa7effects") for content in shown_in(file).values())
    assert not any(b"\xa7effects" in content[:12] for content in shown_in(file).values())


def test_what_was_handed_over_of_another_message_stays_out() -> None:
    """An entry that tells of deliveries of two messages is not shown with one; one that tells of it alone is."""
    world = Lines(parties=("AAA", "BBB", "CCC", "DDD"))
    one, _ = world.tell("AAA", "BBB", precedence=Precedence.FLASH)
    other, _ = world.tell("CCC", "DDD", precedence=Precedence.FLASH)
    rows = tuple(
        Delivery(sender, message, 1, to, "", "", Path.FIRST, "mail", "handed", world.now_us)
        for sender, message, to in (("AAA", one, "BBB"), ("CCC", other, "DDD"))
    )
    for said in (rows, rows[:1]):
        world.sequencer.say(Delivered(said), world.now_us)
    shown = shown_in(made(Subject("message", "AAA", one.hex()), story=Told(world, one, other, b"", b""))[0])
    commands = [content for (_, part), content in shown.items() if part == 0 and b"delivered" in content]
    assert len(commands) == 1
    assert all(other not in content for content in shown.values())


def test_the_story_of_a_message_is_whole() -> None:
    """Sending, what each was told, the silence that climbed, the acknowledgement, the answer, and who signed for it."""
    checked = made(of_message(told()))[1]
    assert lines_of(checked, "said", "AAA") == ["sends a message"]
    answers = ["acknowledges a message", "answers a message", "signs that its notices arrived"]
    assert lines_of(checked, "said", "BBB") == answers
    assert "nobody acknowledged in time" in lines_of(checked, "told", "BBB")
    assert "an answer to a message" in lines_of(checked, "told", "AAA")
    assert lines_of(checked, "told", "CCC") == []
    marks = {mark.what for mark in tell(checked).marks}
    assert {"sent", "received", "escalation", "answer"} <= marks


def test_both_sides_stand_as_they_are() -> None:
    """A receiver's file has what it was told, text and place and all, and not what the sender signed."""
    checked = made(of_message(told()), "BBB")[1]
    story = tell(checked)
    assert lines_of(checked, "said", "AAA") == []
    assert "a message" in lines_of(checked, "told", "BBB")
    words = [text for row in story.rows for line in row.lines for _, text in line.words]
    assert "Medics on the road." in words
    assert any("withheld" in row.absent for row in story.rows)


def test_a_conflict_and_an_operation_bring_both_plans() -> None:
    """The filings of both sides, the notices to both, the map with volumes and places."""
    story = told()
    for subject in (Subject("conflict", "", story.conflict.hex()), Subject("operation", "AAA", story.plan.hex()[:8])):
        checked = made(subject)[1]
        shapes = {shape.kind for shape in tell(checked).shapes}
        assert shapes == {"volume", "place"}
        assert "files a plan" in lines_of(checked, "said", "AAA")
        assert "files a plan" in lines_of(checked, "said", "BBB")
        assert "a conflict" in lines_of(checked, "told", "AAA")
        assert f"{subject.kind} " in checked.manifest["subject"]["name"]


def test_keys_go_back_to_the_genesis() -> None:
    """A watch that was granted later is traced by the grant that comes along; without it the file says so."""
    world = Lines(seed=9)
    world.grant("AAA", "night")
    message, answer = world.tell("AAA", "BBB", text="By night.", watch="night")
    assert answer.accepted
    story = told()._replace(world=world, message=message)
    checked = made(of_message(story), story=story)[1]
    assert checked.untraced == []
    assert "grants a watch key" in lines_of(checked, "said", "AAA")


def test_erased_is_told_from_withheld() -> None:
    """A text that its sender had destroyed stands as erased, and the erasure comes along."""
    world = Lines(seed=10)
    message, answer = world.tell("AAA", "BBB", text="Forget this.")
    assert answer.entry is not None
    entry = answer.entry
    assert world.speak("AAA", Erase(entry.sequence, 2, entry.commitment(2))).accepted
    story = told()._replace(world=world, message=message)
    file, checked = made(of_message(story), story=story)
    rows = {row.sequence: row.absent for row in tell(checked).rows}
    assert rows[entry.sequence].count("erased") == 1
    assert "has a part erased" in lines_of(checked, "said", "AAA")
    assert b"Forget this." not in b"".join(members(file).values())
    assert b"erased" in members(file)[REPORT]


def test_a_period_has_its_ends() -> None:
    """From the first time on, up to the second; ticks are left out."""
    sent = next(row for row in made(of_message(told()))[1].rows if told().message in (row.parts[0] or [b"", b""])[1])
    rows = made(Subject("period", from_us=sent.time_us, to_us=sent.time_us + 1))[1].rows
    assert [row.sequence for row in rows if row.time_us == sent.time_us] == [sent.sequence]
    assert {row.sequence for row in rows if row.time_us < sent.time_us} == {0}
    earlier = made(Subject("period", from_us=sent.time_us - 10**9, to_us=sent.time_us))[1].rows
    assert sent.sequence not in [row.sequence for row in earlier]
    quiet = [row for row in made(all_of_it())[1].rows if b"\xa4tick" in (row.parts[0] or [b"", b""])[1]]
    assert quiet == []


@pytest.mark.parametrize(
    "subject",
    [
        Subject("message", "AAA", "ffff"),
        Subject("message", "ZZZ", told().message.hex()),
        Subject("conflict", "", "0000"),
        Subject("operation", "", ""),
        Subject("period", from_us=START_US - 2, to_us=START_US - 1),
    ],
    ids=lambda subject: subject.kind,
)
def test_what_is_not_there_is_refused(subject: Subject) -> None:
    """A subject of which nothing is found, or that several ids begin with."""
    store = told().world.store
    no = choose(lambda _: store.read(), lambda entry: set(range(len(entry.parts))), subject)
    assert isinstance(no, Refusal)
    assert no.reason is Reason.UNKNOWN


def test_a_query_of_a_stranger_is_not_found_by_its_id() -> None:
    """Who was not told of a message cannot make evidence about it: the answer is that of what does not exist."""
    world = told().world
    named = held("CCC", world.store.read()).commitments()
    answers = []
    for name in (told().message.hex(), "f" * 32):
        found = choose(
            lambda _: world.store.read(), lambda e: parts_given(e, "CCC", named), Subject("message", "AAA", name)
        )
        assert isinstance(found, Refusal)
        answers.append((found.reason, found.field, found.limit))
    assert answers[0] == answers[1]
    assert MessageKind.QUERY in MessageKind


def test_the_source_is_not_changed() -> None:
    """Making evidence reads."""
    source = Source(told().world.store)
    before = source.head
    made(all_of_it())
    assert source.head == before
