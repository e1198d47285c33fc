"""Cases D, al-Bab, 2017, and E, Balyun, 2020. Accounts are disputed; the scenario takes no side.

People were hit. One side said that it had been given other positions, the other that the right ones had been passed;
each said who had given which.

What must happen here: which position was sent, in which version, read back how and by whom, stands signed in the ledger
(row 21), and what was acknowledged of one version does not count for the next (row 17).
"""

import pytest
from lines import Lines
from worlds import seed_of

from wideberth.ledger.verify import verify
from wideberth.party.command import Volumes
from wideberth.party.envelope import decode_part
from wideberth.party.hotline import Acknowledge, Send
from wideberth.party.identity import public_key
from wideberth.refusal import Reason
from wideberth.sequencer import envelope_of
from wideberth.space.volume import Volume4D
from wideberth.theatre import hotline_answers
from wideberth.words.readback import readback_of


def said_where(world: Lines, message: bytes) -> list[tuple[str, bytes, Volume4D]]:
    """Read from the ledger alone: who sent which position, by which key."""
    found = []
    for entry in world.store.read():
        envelope = envelope_of(entry)
        if isinstance(envelope.command, Send) and envelope.command.message == message:
            part = entry.parts[2]
            assert part is not None
            value = decode_part(part.content)
            assert isinstance(value, Volumes)
            found.append((envelope.party, envelope.keys[0], value.volumes[0]))
    return found


def story(world: Lines) -> None:
    """AAA says where its people are, then corrects it; BBB reads back, and acts on, the first position."""
    old, new = world.box(lat=42.0), world.box(lat=42.2)
    message, _ = world.tell("AAA", "BBB", volumes=(old,))
    first = world.subject("AAA", message)
    world.receive("BBB", "AAA", message, echo=readback_of((old,), 1).items())
    assert world.row("AAA", message).effective_us
    world.tell("AAA", "BBB", volumes=(new,), message=message, replaces=1)
    assert not world.row("AAA", message).effective_us, "the old nod counted for the new place"
    late = world.speak("BBB", Acknowledge(first, "", readback_of((old,), 1).items()))
    assert late.refusal is not None, "an acknowledgement of the old version counted"
    assert late.refusal.reason is Reason.STALE_VERSION
    world.receive("BBB", "AAA", message, echo=readback_of((old,), 1).items())
    assert not world.row("AAA", message).effective_us, "the old place was read back and counted"
    key = public_key(seed_of("AAA"))
    assert said_where(world, message) == [("AAA", key, old), ("AAA", key, new)]
    assert verify(world.store.read(), None).ok


def test_who_gave_which_position_can_be_shown() -> None:
    """Both versions stand there with their sender; the new one is not effective until it is read back itself."""
    story(Lines())


def test_without_reading_back_the_old_place_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same story where whatever is read back counts."""
    monkeypatch.setattr(hotline_answers, "differences", lambda *_: ())
    with pytest.raises(AssertionError, match="the old place was read back"):
        story(Lines())
