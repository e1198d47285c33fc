"""What a party may see now: its own things, what is open, its conflicts, what asks for its concurrence.

In:  the state, the reader, and `recall`: the notice that an entry holds for a party.
Out: the values of `shown`. For anything that is not the reader's to see: None, the same as for what does not exist.
Places of a conflict are those of the last notice that told the reader of it, so a view discloses what notices disclose
and never more. Nothing here depends on a plan that is hidden from the reader, except through the reader's conflicts.
"""

from collections.abc import Callable, Iterator
from typing import Final

from wideberth.limits import VIEW_SUPPLIED_MAX
from wideberth.party.alerts import Aircraft
from wideberth.party.charter import DAY_US, Area
from wideberth.party.command import About, Disclosure, Text
from wideberth.party.envelope import decode_part
from wideberth.space.units import mm_to_m
from wideberth.theatre import shown
from wideberth.theatre.conflicts import unsettled_blocks
from wideberth.theatre.filing import M2_S_PER_KM2_H
from wideberth.theatre.outcome import ConflictItem, Notice, Ref
from wideberth.theatre.outcome import Place as PlaceTold
from wideberth.theatre.places import Outliner, place_in_area
from wideberth.theatre.planning import label_of
from wideberth.theatre.rows import Conflict, Held, Member, Proposal, Said, Thing
from wideberth.theatre.shown import id_text, time_or_none, time_text
from wideberth.theatre.state import State

Recall = Callable[[int, str], Notice | None]
"""The notice of an entry for a party, as it stands in the ledger."""

CACHED: Final = 20_000
"""Conflict items and places in areas that are kept decoded."""
TOLD_BY: Final = ("opened", "changed")
"""Lines of a conflict whose entries told both sides where it is."""
THINGS: Final = ("operation", "constraint", "protected")
PEER_SEES: Final = ("place", "window", "separation", "altitudes")
OPEN_SEES: Final = (*PEER_SEES, "party", "label", "activity", "crewed", "note", "outline")


def about_of(thing: Thing) -> tuple[str | None, str | None]:
    """Label and note of a thing; None where there are none, or they were destroyed."""
    if thing.about is None or thing.about.content is None:
        return None, None
    part = decode_part(thing.about.content)
    assert isinstance(part, About)
    return part.label or None, part.note or None


def flown_by(thing: Thing) -> shown.Flown | None:
    """By what a plan's aircraft are known; None where nobody said so, or it was destroyed."""
    if thing.aircraft is None or thing.aircraft.content is None:
        return None
    part = decode_part(thing.aircraft.content)
    assert isinstance(part, Aircraft)
    return shown.Flown(part.addresses, part.callsigns)


def text_of(held: Held | None) -> str | None:
    """A text; None where there is none, or it was destroyed."""
    if held is None or held.content is None:
        return None
    part = decode_part(held.content)
    return part.text if isinstance(part, Text) else None


def is_open_to(reader: str, thing: Thing) -> bool:
    """Whether the reader sees the whole of a thing."""
    return thing.owner == reader or thing.disclosure == Disclosure.OPEN


def sees_of(thing: Thing, reader: str, party: str | None) -> tuple[str, ...]:
    """What `reader` sees of `thing` in a conflict; `party` is how its owner is named to the reader."""
    if is_open_to(reader, thing):
        return OPEN_SEES
    seen = tuple(s for s in PEER_SEES if s != "altitudes" or thing.what != "protected")
    named = ("party",) if party is not None else ()
    return (*seen, *named, *(("note",) if thing.shared is not None else ()))


class Views:
    """Reads one state for any party. One thread at a time, between entries."""

    def __init__(self, state: State, recall: Recall) -> None:
        self._state, self._recall = state, recall
        self._items: dict[tuple[bytes, int, str], ConflictItem] = {}
        self._asked: dict[tuple[Ref, int, Area], tuple[PlaceTold, ...]] = {}

    # everything

    def view(self, reader: Member, key: bytes, root: bytes) -> shown.View:
        """Everything that a member may see; `key` is the watch key by which it reads."""
        party = reader.party
        unlisted = self._unlisted()
        every = self._listed(party) if unlisted else self._state.things.values()
        mine_or_open = [t for t in every if is_open_to(party, t) and (t.live or t.what == "operation")]
        mine_or_open.sort(key=lambda t: (t.start_us, t.ref))
        listed = {
            what: [t for t in mine_or_open if t.what == what] for what in ("operation", "constraint", "protected")
        }
        return shown.View(
            self.as_of(root),
            self._state.open_version,
            self._me(reader, key),
            tuple(self.operation(party, t) for t in listed["operation"]),
            tuple(self.thing(party, t) for t in listed["constraint"]),
            tuple(self.thing(party, t) for t in listed["protected"]),
            tuple(self._conflicts(party)),
            tuple(self._asks(party)),
            self._budget(reader),
            shown.Claim(reader.claim_m2_s // M2_S_PER_KM2_H, self._state.charter.claim_km2_h),
            unlisted,
        )

    def _unlisted(self) -> int:
        """How many things of suppliers are live, where they are too many to be listed."""
        supplied = sum(member.live for member in self._state.members.values() if member.issuer)
        return supplied if supplied > VIEW_SUPPLIED_MAX else 0

    def _listed(self, reader: str) -> Iterator[Thing]:
        """Without suppliers' things, but for those that the reader is in conflict with."""
        members = self._state.members
        conflicts = (
            c for c in self._state.conflicts.values() if c.side_of(reader) is not None and c.state != "cleared"
        )
        met = {ref for conflict in conflicts for ref in (conflict.first, conflict.second)}
        return (t for t in self._state.things.values() if not members[t.owner].issuer or t.ref in met)

    def as_of(self, root: bytes) -> shown.AsOf:
        """The position that an answer rests on."""
        return shown.AsOf(self._state.size, time_text(self._state.time_us), shown.b64(root))

    def _me(self, reader: Member, key: bytes) -> shown.Me:
        row = reader.keys.get(key)
        expires = time_text(row.grant.expires_us) if row is not None else None
        return shown.Me(reader.party, reader.name, reader.role, expires)

    def _budget(self, reader: Member) -> shown.Budget:
        charter, today = self._state.charter, reader.day == self._state.time_us // DAY_US
        spent, checks, peers = (reader.spent_m2_s, reader.checks, len(reader.peers)) if today else (0, 0, 0)
        granted = (charter.budget_km2_h, charter.budget_checks, charter.budget_peers)
        return shown.Budget(spent // M2_S_PER_KM2_H, granted[0], checks, granted[1], peers, granted[2])

    # things

    def find_operation(self, reader: str, operation: bytes) -> Thing | None:
        """The reader's own operation of this id, else an open one."""
        state = self._state
        owners = (reader, *sorted(p for p in state.members if p != reader))
        found = (state.things.get((owner, operation)) for owner in owners)
        return next((t for t in found if t is not None and t.what == "operation" and is_open_to(reader, t)), None)

    def operation(self, reader: str, thing: Thing) -> shown.Operation:
        """An operation that the reader may see whole; what it waits for is its owner's alone."""
        label, note = about_of(thing)
        mine = thing.owner == reader
        blocked = tuple(id_text(c.id) for c in unsettled_blocks(self._state, thing)) if mine and thing.live else ()
        return shown.Operation(
            id_text(thing.id),
            thing.owner,
            mine,
            thing.version,
            thing.state,
            thing.priority,
            thing.domain,
            thing.crewed,
            thing.kind,
            thing.disclosure,
            label,
            note,
            tuple(shown.volume(v) for v in self._state.volumes_of(thing.ref)),
            time_text(thing.planned_us),
            thing.planned_seq,
            time_or_none(thing.confirm_by_us) if mine else None,
            blocked,
            thing.lacking if mine and thing.live else (),
            tuple(shown.Gave(w.party, time_text(w.time_us)) for w in thing.concurred) if mine else (),
            thing.objected if mine else (),
            flown_by(thing) if mine else None,
        )

    def thing(self, reader: str, thing: Thing) -> shown.Thing:
        """A constraint, or a protected place of the reader's own."""
        label, note = about_of(thing)
        overdue = thing.live and 0 < thing.review_by_us <= self._state.time_us
        return shown.Thing(
            id_text(thing.id),
            thing.owner,
            thing.owner == reader,
            thing.what,
            thing.kind,
            thing.version,
            label,
            note,
            tuple(shown.volume(v) for v in self._state.volumes_of(thing.ref)),
            thing.planned_seq,
            time_or_none(thing.verified_us),
            thing.verifier or None,
            time_or_none(thing.review_by_us),
            overdue,
        )

    # conflicts

    def _conflicts(self, reader: str) -> Iterator[shown.Conflict]:
        for conflict in self._state.conflicts.values():
            if conflict.side_of(reader) is not None:
                found = self.conflict(reader, conflict)
                if found is not None:
                    yield found

    def find_conflict(self, reader: str, conflict: bytes) -> Conflict | None:
        """A conflict that the reader is in."""
        found = self._state.conflicts.get(conflict)
        return found if found is not None and found.side_of(reader) is not None else None

    def item(self, reader: str, conflict: Conflict) -> ConflictItem | None:
        """What the reader was told of a conflict, the last time that it was opened or changed."""
        sequence = next(said.sequence for said in reversed(conflict.said) if said.what in TOLD_BY)
        key = (conflict.id, sequence, reader)
        kept = self._items.get(key)
        if kept is not None:
            return kept
        notice = self._recall(sequence, reader)
        items = notice.items if notice is not None else ()
        found = next((i for i in items if isinstance(i, ConflictItem) and i.conflict == conflict.id), None)
        if found is not None:
            if len(self._items) >= CACHED:
                self._items.clear()
            self._items[key] = found
        return found

    def conflict(self, reader: str, conflict: Conflict) -> shown.Conflict | None:
        """A conflict of the reader's; None where a part of it has faded from the state."""
        item = self.item(reader, conflict)
        if item is None:
            return None
        state = self._state
        mine = state.things.get((reader, item.mine))
        other = state.things.get(conflict.other((reader, item.mine)))
        if mine is None or other is None:
            return None
        is_open = conflict.state == "open"
        peers = {"me": sees_of(other, reader, item.party), "other": self._peer_sees(mine, other)}
        return shown.Conflict(
            id_text(conflict.id),
            label_of(conflict.id),
            conflict.state,
            item.severity,
            shown.Mine(mine.what, id_text(mine.id), item.mine_version, about_of(mine)[0]),
            self._other(reader, item, other),
            shown.places(item.places.each(), item.minima_mm),
            time_text(conflict.opened_us),
            conflict.said[-1].sequence,
            time_text(conflict.settle_by_us),
            conflict.overdue and is_open,
            item.blocks if is_open else "none",
            tuple(self._proposal(reader, item, p) for p in conflict.proposals),
            tuple(reader if w.party == reader else item.party for w in conflict.accepted),
            tuple(self._said(reader, item, conflict, said) for said in conflict.said),
            peers,
        )

    def _peer_sees(self, mine: Thing, other: Thing) -> tuple[str, ...]:
        named = mine.owner if mine.disclosure != Disclosure.PRIVATE else None
        return sees_of(mine, other.owner, named)

    def _other(self, reader: str, item: ConflictItem, other: Thing) -> shown.Other:
        shared = text_of(other.shared) if other.shared and other.shared.commitment == item.shared else None
        whole = is_open_to(reader, other)
        label, thing_id = (about_of(other)[0], id_text(other.id)) if whole else (None, None)
        return shown.Other(item.party, self.name_of(item.party), item.other, label, thing_id, shared)

    def name_of(self, party: str | None) -> str | None:
        """A party's name by its code."""
        member = self._state.members.get(party) if party is not None else None
        return member.name if member is not None else None

    def _proposal(self, reader: str, item: ConflictItem, proposal: Proposal) -> shown.Proposal:
        mine = proposal.by == reader
        whose = "" if not proposal.whose else "mine" if proposal.whose == reader else "other"
        text = text_of(proposal.text)
        words = proposal.kind == "procedure"
        shift = (proposal.start_us / 1_000_000, mm_to_m(proposal.altitude_mm))
        return shown.Proposal(
            id_text(proposal.id),
            reader if mine else item.party,
            mine,
            shown.Change(proposal.kind, whose, *shift, text if words else None),
            proposal.state,
            time_text(proposal.time_us),
            None if words else text,
        )

    def _said(self, reader: str, item: ConflictItem, conflict: Conflict, said: Said) -> shown.Said:
        """A third party, whose word moved one of the plans, is not named here: it is none of this conflict's."""
        peers = {conflict.first[0], conflict.second[0]} - {reader}
        by = reader if said.party == reader else item.party if said.party in peers else None
        text = text_of(conflict.texts[said.text]) if said.text >= 0 else None
        return shown.Said(time_text(said.time_us), said.sequence, by, said.party == reader, said.what, text)

    # concurrence in areas

    def _asks(self, reader: str) -> Iterator[shown.Asked]:
        for thing in self._state.things.values():
            if reader in thing.missing and thing.live:
                yield from self._asked_for(reader, thing)

    def _asked_for(self, reader: str, thing: Thing) -> Iterator[shown.Asked]:
        given = any(word.party == reader for word in thing.concurred)
        stands = "concurred" if given else "objected" if reader in thing.objected else "asked"
        label = about_of(thing)[0] if is_open_to(reader, thing) else None
        operation = shown.AskedOperation(thing.owner, id_text(thing.id), thing.version, label)
        rest = (stands, time_text(thing.planned_us), text_of(thing.shared))
        for area in self._state.charter.areas:
            found = self._inside(thing, area) if reader in area.parties else ()
            if found:
                start = time_text(min(place.start_us for place in found))
                yield shown.Asked(operation, area.name, shown.asked_places(found), start, *rest)

    def _inside(self, thing: Thing, area: Area) -> tuple[PlaceTold, ...]:
        """What of a plan lies inside an area, as its parties were told."""
        key = (thing.ref, thing.planned_seq, area)
        kept = self._asked.get(key)
        if kept is None:
            outliner = Outliner()
            found = (place_in_area(area, volume, outliner) for volume in self._state.volumes_of(thing.ref))
            kept = tuple(place for place in found if place is not None)
            if len(self._asked) >= CACHED:
                self._asked.clear()
            self._asked[key] = kept
        return kept
