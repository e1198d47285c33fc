"""One entry on its way into the state: what all of apply's files share.

In:  an entry's sequence, time, envelope, decision, and the contents and commitments of its other parts.
Out: the effects, and the parts as `Held` rows keep them.
"""

from collections.abc import Sequence

from wideberth.party.envelope import Envelope
from wideberth.theatre.outcome import Decision, Effects, decode_effects
from wideberth.theatre.state import Held, State, Word


class Applying:
    """One entry on its way into the state."""

    def __init__(
        self,
        state: State,
        sequence: int,
        time_us: int,
        envelope: Envelope,
        decision: Decision,
        contents: Sequence[bytes | None],
        commitments: Sequence[bytes],
    ) -> None:
        self.state, self.sequence, self.time_us = state, sequence, time_us
        self.envelope, self.decision = envelope, decision
        self.contents, self.commitments = contents, commitments
        self.party = envelope.party
        self.effects = self._effects()

    def _effects(self) -> Effects:
        if not self.decision.derived:
            return Effects()
        content = self.contents[self.decision.attached]
        assert content is not None, "effects are never destroyed"
        return decode_effects(content)

    def held(self, index: int) -> Held:
        """An attached or derived part by its place after the decision."""
        return Held(self.commitments[index], self.contents[index])

    def held_or_none(self, index: int | None) -> Held | None:
        """The same, for a part that may be absent."""
        return None if index is None else self.held(index)

    def word(self) -> Word:
        """The sender's word, now, by its key."""
        return Word(self.party, self.time_us, self.envelope.keys[0])
