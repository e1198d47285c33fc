"""One entry on its way into the state: what all of apply's files share.

In:  an entry with what its parts say, decoded from it, or at hand from deciding.
Out: the same, and the parts as `Held` rows keep them.
"""

from typing import NamedTuple

from wideberth.ledger.entry import Entry
from wideberth.party.envelope import Envelope
from wideberth.space.shapes import Shapes
from wideberth.theatre.outcome import Decision, Effects
from wideberth.theatre.rows import Held, Word
from wideberth.theatre.state import State


class Meaning(NamedTuple):
    """An entry, and what its parts say. `shapes` of what it moves only where they are at hand."""

    entry: Entry
    envelope: Envelope
    decision: Decision
    effects: Effects
    shapes: Shapes | None = None


class Applying:
    """One entry on its way into the state."""

    def __init__(self, state: State, meaning: Meaning) -> None:
        self.state = state
        self.entry, self.envelope, self.decision, self.effects, self.shapes = meaning
        self.sequence, self.time_us = self.entry.sequence, self.entry.time_us
        self.party = self.envelope.party

    def held(self, index: int) -> Held:
        """An attached or derived part by its place after the decision."""
        part = self.entry.parts[index + 2]
        return Held(self.entry.commitment(index + 2), None if part is None else part.content)

    def held_or_none(self, index: int | None) -> Held | None:
        """The same, for a part that may be absent."""
        return None if index is None else self.held(index)

    def boxes(self) -> bytes:
        """The boxes of what the entry makes."""
        return self.effects.watched or (self.effects.moved.boxes if self.effects.moved is not None else b"")

    def word(self) -> Word:
        """The sender's word, now, by its key."""
        return Word(self.party, self.time_us, self.envelope.keys[0])
