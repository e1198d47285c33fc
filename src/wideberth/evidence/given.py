"""What a party was given of the ledger, and so may show: the parts of an entry that it holds, and no others.

In:  entries with all their parts, in order.
Out: places of parts. An auditor is given everything.

A party is given: its own commands with their decisions and parts; its notices and the texts that they name; where a
message to it is about; the volumes and descriptions of open plans and constraints; the founding entries.
"""

from collections.abc import Collection, Iterable
from typing import Final

from wideberth.ledger.entry import DECISION, ENVELOPE, Entry
from wideberth.party.command import Constrain, Disclosure, Genesis, NewEpoch, Plan, Protect
from wideberth.party.hotline import Send, Stop
from wideberth.party.registers import Move
from wideberth.sequencer import content_of, envelope_of, notice_in
from wideberth.theatre.alert_items import EncounterItem
from wideberth.theatre.hotline_items import DoubtItem, MessageItem, ReplyItem
from wideberth.theatre.outcome import (
    Accepted,
    AnswerItem,
    AskedItem,
    ConflictItem,
    Decision,
    Effects,
    Item,
    TalkItem,
    decode_decision,
    decode_effects,
)

MessageVersion = tuple[str, bytes, int]
VOLUMES: Final = b"\x92\xa7volumes"
"""How a part with volumes begins."""


def named_texts(item: Item) -> bytes | None:
    """The commitment of the text that an item of a notice names."""
    match item:
        case TalkItem(text=text) | AnswerItem(text=text) | MessageItem(text=text):
            return text
        case ReplyItem(text=text) | DoubtItem(text=text) | EncounterItem(text=text):
            return text
        case ConflictItem(shared=shared) | AskedItem(shared=shared):
            return shared
    return None


class Held:
    """What one party learns from its notices of parts that stand elsewhere: commitments, and whether it occurs."""

    def __init__(self, party: str) -> None:
        """Hand every entry to `add`, in order, before `commitments` is asked for."""
        self.party = party
        self.occurs = False
        self._texts: set[bytes] = set()
        self._known: set[MessageVersion] = set()
        self._where: dict[MessageVersion, bytes] = {}
        self._plans: dict[tuple[str, bytes], bytes] = {}

    def add(self, entry: Entry) -> None:
        """Learn from one entry."""
        decision = decode_decision(content_of(entry, DECISION))
        envelope = envelope_of(entry)
        self.occurs = self.occurs or envelope.party == self.party
        if not decision.derived:
            return
        effects = decode_effects(content_of(entry, DECISION + 1 + decision.attached))
        self._geometry(entry, envelope.party, envelope.command, decision, effects)
        if not any(head.party == self.party for head in effects.heads):
            return
        self.occurs = True
        told = notice_in(entry, self.party)
        for item in told.notice.items if told is not None and told.notice is not None else ():
            text = named_texts(item)
            if text is not None:
                self._texts.add(text)
            if isinstance(item, MessageItem):
                self._known.add((item.sender, item.message, item.version))

    def _geometry(self, entry: Entry, party: str, command: object, decision: Decision, effects: Effects) -> None:
        moved, first = effects.moved, DECISION + 1
        if moved is not None:
            at = len(entry.parts) - len(effects.heads) - 1
            if isinstance(command, Plan | Constrain | Protect | Move):
                at = first + command.volumes
            part = entry.parts[at]
            if part is not None and part.content.startswith(VOLUMES):  # never what the theatre keeps for itself
                self._plans[moved.ref] = part.commitment
        if not isinstance(command, Send | Stop) or not isinstance(decision.outcome, Accepted):
            return
        key = (party, command.message, decision.outcome.version)
        if effects.hotline is not None and effects.hotline.volumes is not None:
            self._where[key] = entry.commitment(first + effects.hotline.volumes)
        elif isinstance(command, Send) and command.operation is not None:
            plan = self._plans.get((party, command.operation))
            if plan is not None:
                self._where[key] = plan

    def commitments(self) -> set[bytes]:
        """Commitments of texts and volumes that its notices speak of."""
        return self._texts | {self._where[key] for key in self._known if key in self._where}


def held(party: str, entries: Iterable[Entry]) -> Held:
    """What a party learns from a whole ledger."""
    found = Held(party)
    for entry in entries:
        found.add(entry)
    return found


def parts_given(entry: Entry, party: str, named: Collection[bytes]) -> set[int]:
    """The places of an entry's parts that a party was given; `named` are the commitments of `Held`."""
    envelope, decision = envelope_of(entry), decode_decision(content_of(entry, DECISION))
    attached = range(DECISION + 1, DECISION + 1 + decision.attached)
    seen: set[int] = set()
    if envelope.party == party or isinstance(envelope.command, Genesis | NewEpoch):
        seen |= {ENVELOPE, DECISION, *attached}
    command = envelope.command
    is_open = isinstance(command, Plan) and command.disclosure is Disclosure.OPEN
    if isinstance(command, Constrain) or (isinstance(command, Plan) and is_open):
        seen |= {DECISION + 1 + i for i in (command.volumes, command.about) if i is not None and i < decision.attached}
    after = range(DECISION + 1, len(entry.parts))
    seen |= {i for i in after if (part := entry.parts[i]) is not None and part.commitment in named}
    if isinstance(decision.outcome, Accepted) and decision.derived:
        seen |= _told(entry, party, decision)
    return seen


def _told(entry: Entry, party: str, decision: Decision) -> set[int]:
    """The party's notice, and the volumes of a plan of its own that a settlement moved."""
    effects_at = DECISION + 1 + decision.attached
    last = effects_at + decision.derived - 1
    effects = decode_effects(content_of(entry, effects_at))
    told = notice_in(entry, party)
    seen = {told.part} if told is not None else set()
    moved = effects.moved
    has_places = bool(effects.opened or effects.kept)
    is_moved = moved is not None and moved.ref[0] == party and decision.derived > 1 + has_places
    return seen | ({last} if is_moved else set())
