"""Which parts of which entries a party may see: what it was given, and nothing that it was not.

In:  entries of a ledger.
Out: for each entry the indices of the parts that the party may have.
    its own commands    envelope, decision, what it attached
    its notices         and the texts that they name, wherever those stand
    the theatre's rules founding, epochs and charters, for everybody
"""

from collections.abc import Iterable

import msgspec

from wideberth.ledger.entry import Entry
from wideberth.party.command import Genesis, NewEpoch, ProposeCharter
from wideberth.sequencer import content_of, envelope_of, notice_in
from wideberth.theatre.outcome import Notice, decode_decision

_commitments = msgspec.msgpack.Decoder(tuple[int, int, int, tuple[bytes, ...]]).decode


class Given:
    """What one party may see of a ledger."""

    def __init__(self, party: str, entries: Iterable[Entry]) -> None:
        """`entries` are read once, for the texts that the party's notices name."""
        self._party = party
        self._named: set[bytes] = set()
        for entry in entries:
            told = notice_of(entry, party)
            if told is not None:
                self._named |= {text for item in told.items for text in _texts(item)}

    def __call__(self, entry: Entry) -> set[int]:
        """The indices of the parts of an entry that the party may see."""
        envelope = envelope_of(entry)
        decision = decode_decision(content_of(entry, 1))
        seen: set[int] = set()
        if envelope.party == self._party:
            seen |= set(range(2 + decision.attached))
        if isinstance(envelope.command, Genesis | NewEpoch | ProposeCharter):
            seen |= {0, 1}
        place = notice_place(entry, self._party)
        if place is not None:
            seen.add(place)
        seen |= {i for i, commitment in enumerate(_commitments(entry.leaf)[3]) if commitment in self._named}
        return {index for index in seen if entry.parts[index] is not None} and seen


def notice_of(entry: Entry, party: str) -> Notice | None:
    """The party's notice in an entry; None where there is none, or it was destroyed."""
    if decode_decision(content_of(entry, 1)).derived == 0:
        return None
    told = notice_in(entry, party)
    return told.notice if told is not None else None


def notice_place(entry: Entry, party: str) -> int | None:
    """Where in an entry the party's notice stands."""
    if decode_decision(content_of(entry, 1)).derived == 0:
        return None
    told = notice_in(entry, party)
    return told.part if told is not None else None


def _texts(item: object) -> list[bytes]:
    found = (getattr(item, name, None) for name in ("text", "shared"))
    return [text for text in found if isinstance(text, bytes)]
