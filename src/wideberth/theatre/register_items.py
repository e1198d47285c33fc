"""What registers add to an entry: what apply writes of it, and the items of its notices.

In:  built by `registers`, `movements` and `checking`.
Out: frozen values, parts of `outcome.Effects` and `outcome.Notice`.
"""

from wideberth.party.struct import Struct


class RegisterEffects(Struct, frozen=True):
    """What a command of the registers, or a deadline of a movement, makes of the rows that it concerns."""

    flags: tuple[str, ...] = ()
    """Of the place filed: "single-source", "disputed"."""
    stops: tuple[tuple[int, int], ...] = ()
    """Of the movement filed: time and tolerance of each checkpoint."""
    late: bool = False
    state: str = ""
    """The movement's, from now on."""
    next: int = 0
    """Its next checkpoint."""
    due_us: int = 0
    """Until when that one has to be passed; 0: none waits."""
    hit: bool = False
    """The check met something hidden."""


class RegisterItem(Struct, frozen=True, tag="register"):
    """What is to be said about an entry of the reader's own register: "single-source", "disputed"."""

    thing: bytes
    version: int
    flags: tuple[str, ...]


class OwnItem(Struct, frozen=True, tag="own"):
    """Entries of the reader's own register that lie inside what it planned or sent ("operation", "message")."""

    what: str
    thing: bytes
    version: int
    entries: tuple[bytes, ...]


class MovementItem(Struct, frozen=True, tag="movement"):
    """A movement stands otherwise than before. To its owner by its id; to those who were sent a notice about it by the
    id of that notice, and without the checkpoint."""

    owner: str
    subject: bytes
    what: str
    """Its state, or "changed"."""
    checkpoint: int
    """The next one, counted from 0; -1 where the reader is not the owner."""
    at_us: int


class ProbedItem(Struct, frozen=True, tag="probed"):
    """A party checked a plan, which it did not file, that comes too near to something of the reader's."""

    party: str
    thing: bytes
    version: int
