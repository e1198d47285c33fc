"""The items of the registers as their reader gets them in a notice.

In:  an item of the reader's.
Out: values ready for JSON.
"""

from wideberth.theatre import shown
from wideberth.theatre.outcome import OverlapItem
from wideberth.theatre.register_items import MovementItem, OwnItem, ProbedItem, RegisterItem
from wideberth.theatre.shown import Place, Shown, id_text, time_text


class RegisterTold(Shown, frozen=True, tag_field="kind", tag="register"):
    """What is to be said about an entry of the reader's own register: "single-source", "disputed"."""

    thing: str
    version: int
    flags: tuple[str, ...]


class OwnTold(Shown, frozen=True, tag_field="kind", tag="own"):
    """Entries of the reader's own register that lie inside what it planned or sent."""

    what: str
    thing: str
    version: int
    entries: tuple[str, ...]


class MovementTold(Shown, frozen=True, tag_field="kind", tag="movement"):
    """A movement stands otherwise; `about` is the movement for its owner, else the notice that the reader has."""

    what: str
    owner: str
    about: str
    checkpoint: int | None
    at: str


class ProbedTold(Shown, frozen=True, tag_field="kind", tag="probed"):
    """A party checked a plan, which it did not file, that comes too near to something of the reader's."""

    party: str
    thing: str
    version: int


class OverlapTold(Shown, frozen=True, tag_field="kind", tag="overlap"):
    """What a plan that nobody filed comes too near to; no name where the other plan is private."""

    plan: str
    party: str | None
    other: str
    severity: str
    places: tuple[Place, ...]


RegisterSaid = RegisterTold | OwnTold | MovementTold | ProbedTold | OverlapTold
RegisterWord = RegisterItem | OwnItem | MovementItem | ProbedItem | OverlapItem


def register_told(item: RegisterWord) -> RegisterSaid:
    """An item in words and units for people."""
    match item:
        case RegisterItem(thing, version, flags):
            return RegisterTold(id_text(thing), version, flags)
        case OwnItem(what, thing, version, entries):
            return OwnTold(what, id_text(thing), version, tuple(id_text(entry) for entry in entries))
        case MovementItem(owner, subject, what, checkpoint, at_us):
            ahead = checkpoint if checkpoint >= 0 else None
            return MovementTold(what, owner, id_text(subject), ahead, time_text(at_us))
        case ProbedItem(party, thing, version):
            return ProbedTold(party, id_text(thing), version)
        case OverlapItem():
            return overlap_told(item)


def overlap_told(item: OverlapItem) -> OverlapTold:
    """An overlap of a plan that nobody filed."""
    places = shown.places(item.places.each(), item.minima_mm)
    return OverlapTold(id_text(item.plan), item.party, item.other, item.severity, places)


def register_kind(told: RegisterSaid) -> str:
    """What a notice is called by such an item."""
    match told:
        case RegisterTold(flags=flags):
            return f"register-{flags[0]}"
        case OwnTold(what=what):
            return f"own-{what}"
        case MovementTold(what=what):
            return f"movement-{what}"
        case ProbedTold():
            return "probed"
        case OverlapTold():
            return "overlap"
