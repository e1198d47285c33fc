"""Promises of rejecting, passing on, contacts and long texts: what cannot be used comes back to its sender."""

import pytest
from lines import Lines, cell
from worlds import SECOND

from wideberth.limits import CONTACTS_MAX, TEXT_CHARACTERS_MAX
from wideberth.party.command import Text
from wideberth.party.hotline import Acknowledge, Contact, Contacts, MessageKind, Precedence, Reject, SetContacts, Stop
from wideberth.refusal import Reason
from wideberth.theatre import hotline_views, roster
from wideberth.theatre.hotline_items import ReachItem, ReplyItem, RungItem
from wideberth.theatre.lifecycle import Reach
from wideberth.theatre.shown import AsOf
from wideberth.theatre.snapshot import dump, load
from wideberth.theatre.state import State

AS_OF = AsOf(0, "", "")
WHY = Text("en", "The second figure cannot be read.")


@pytest.fixture
def world() -> Lines:
    """BBB has one battery under its headquarters."""
    world = Lines()
    world.tree("BBB", cell("HQ"), cell("B1", "HQ"))
    return world


def reject(world: Lines, message: bytes, cell_: str = "B1") -> Reason | None:
    """Have a cell of BBB reject a message of AAA."""
    no = world.speak("BBB", Reject(world.subject("AAA", message), cell_, 0), WHY).refusal
    return no.reason if no is not None else None


def test_a_rejected_message_is_its_senders_again(world: Lines) -> None:
    """The sender hears why at once, and again at each acknowledgement time; the receiver's rungs stand still."""
    message, _ = world.tell("AAA", "BBB", precedence=Precedence.FLASH)
    world.receive("BBB", "AAA", message, "HQ")
    assert reject(world, message) is None
    began = world.state.time_us
    assert world.last("AAA", ReplyItem).answer == "rejected"
    assert world.owed("AAA", message)["BBB", "B1"].reach is Reach.REJECTED
    world.wait(200)
    reminded = [(at - began) // SECOND for at, i in world.told("AAA", ReachItem) if i.reach == "rejected"]
    assert reminded[0] == 0
    assert all(0 <= at - due <= 5 for at, due in zip(reminded[1:], (60, 120, 180), strict=True))
    assert world.told("BBB", RungItem) == []
    seen = hotline_views.message(world.state, "AAA", world.row("AAA", message))
    assert [(r.party, r.cell, r.answer, r.text) for r in seen.answers] == [("BBB", None, "rejected", WHY.text)]
    assert [r.reach for r in seen.receivers] == ["rejected"]
    assert world.replayed().digest() == world.state.digest()
    loaded = load(dump(world.state))
    assert isinstance(loaded, State)
    assert loaded.digest() == world.state.digest()


def test_a_rejected_message_may_still_be_understood(world: Lines) -> None:
    """Who rejected it may acknowledge it after all; then it is effective."""
    message, _ = world.tell("AAA", "BBB")
    world.receive("BBB", "AAA", message, "HQ")
    assert reject(world, message) is None
    assert not world.row("AAA", message).effective_us
    assert world.receive("BBB", "AAA", message, "B1").accepted
    assert world.row("AAA", message).effective_us


def test_what_cannot_be_rejected(world: Lines) -> None:
    """A STOP, twice, a cell that is not asked, a message to others: each is refused."""
    stop, _ = world.stop("AAA")
    assert reject(world, stop) is Reason.WRONG_STATE
    message, _ = world.tell("AAA", "BBB")
    assert reject(world, message, "B9") is Reason.UNKNOWN
    assert reject(world, message) is None
    assert reject(world, message) is Reason.WRONG_STATE
    other, _ = world.tell("AAA", "CCC")
    assert reject(world, other) is Reason.UNKNOWN


def test_a_rejected_query_stays_open(world: Lines) -> None:
    """Rejecting answers nothing."""
    message, _ = world.tell("AAA", "BBB", kind=MessageKind.QUERY)
    assert reject(world, message) is None
    assert reject(world, message, "HQ") is None
    assert world.row("AAA", message).state == "open"


def test_to_whom_it_was_passed_on_is_for_the_own_party(world: Lines) -> None:
    """The words stand with the cell; the sender does not read them."""
    message, _ = world.tell("AAA", "BBB")
    words = Text("en", "Crews of the first and third truck, by voice.")
    acknowledge = Acknowledge(world.subject("AAA", message), "B1", (), 0)
    assert world.speak("BBB", acknowledge, words).accepted
    mine = hotline_views.message(world.state, "BBB", world.row("AAA", message))
    assert {o.cell: o.onward for o in mine.owed} == {"HQ": None, "B1": words.text}
    theirs = hotline_views.message(world.state, "AAA", world.row("AAA", message))
    assert words.text not in str(theirs)
    assert world.replayed().digest() == world.state.digest()


def test_contacts_are_seen_by_every_member(world: Lines) -> None:
    """Three levels and interpreters, sorted by level; they replace what was there."""
    rows = (
        Contact(3, "Commander on call", "+1 555 0103", ("en",)),
        Contact(1, "Watch", "+1 555 0101", ("en", "ar")),
        Contact(1, "Interpreter", "+1 555 0109", ("ru", "tr"), True),
    )
    assert world.speak("BBB", SetContacts(0), Contacts(rows)).accepted
    found = roster.theatre(world.state, world.state.members["AAA"], {}, AS_OF)
    shown = next(party for party in found.parties if party.party == "BBB").contacts
    assert [(c.level, c.number, c.interpreter) for c in shown] == [
        (1, "+1 555 0101", False),
        (1, "+1 555 0109", True),
        (3, "+1 555 0103", False),
    ]
    assert world.speak("BBB", SetContacts(0), Contacts(())).accepted
    assert world.state.members["BBB"].contacts is not None
    assert world.replayed().digest() == world.state.digest()


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ((Contact(0, "Watch", "1", ("en",)),), Reason.OUT_OF_RANGE),
        ((Contact(4, "Watch", "1", ("en",)),), Reason.OUT_OF_RANGE),
        ((Contact(1, "Watch\u202e", "1", ("en",)),), Reason.OUT_OF_RANGE),
        ((Contact(1, "Watch", "", ("en",)),), Reason.OUT_OF_RANGE),
        ((Contact(1, "Watch", "1", ("x" * 100,)),), Reason.OUT_OF_RANGE),
        ((Contact(1, "Watch", "1", ("en",)),) * (CONTACTS_MAX + 1), Reason.TOO_MANY),
    ],
)
def test_contacts_that_cannot_be_meant(world: Lines, rows: tuple[Contact, ...], reason: Reason) -> None:
    """A level that there is not, marks that turn text around, nothing to call, too many: refused."""
    no = world.speak("BBB", SetContacts(0), Contacts(rows)).refusal
    assert no is not None
    assert no.reason is reason


def test_a_long_text_is_carried_and_a_longer_one_stops_no_stop(world: Lines) -> None:
    """64 KiB of text reach the receiver; a STOP with more goes out without its text; a notice with more is refused."""
    long = "a" * TEXT_CHARACTERS_MAX
    message, answer = world.tell("AAA", "BBB", text=long)
    assert answer.accepted
    assert hotline_views.message(world.state, "BBB", world.row("AAA", message)).text == long
    stop = world.draw(16)
    assert world.speak("AAA", Stop(stop, "stop", 0), Text("en", long + "a")).accepted
    assert hotline_views.message(world.state, "BBB", world.row("AAA", stop)).text is None
    _, no = world.tell("AAA", "BBB", text=long + "a")
    assert no.refusal is not None
    assert no.refusal.reason is Reason.TOO_LARGE
