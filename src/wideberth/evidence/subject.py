"""Which entries, and which of their parts, are about a message, conflict, operation, alert, encounter or span of time.

In:  what is asked for; a source of entries, in order, with what may be shown of each.
Out: by sequence, the places of the parts to show. What carries keys (genesis, epochs, grants of the speakers), the
     receivers' signatures for their notices and the erasures of what is missing come along.
Refuses (`Refusal`): a subject of which nothing is found.

Least disclosure: of an entry that is about the subject only the envelope with its answer and parts, and the notices in
which the subject occurs. What the theatre keeps for itself (effects, all places) is never shown with a single subject.
"""

from collections.abc import Callable, Iterable, Iterator
from uuid import UUID

import msgspec

from wideberth.evidence.proof.story import utc
from wideberth.ledger.entry import UNREADABLE, Entry, read_notice
from wideberth.party.alerts import AcknowledgeAlert, FileEncounter, SetAircraft, Warned
from wideberth.party.command import (
    Accept,
    AcceptRisk,
    CommitState,
    Concur,
    Confirm,
    Constrain,
    Erase,
    Genesis,
    GrantKey,
    Invite,
    Lift,
    NewEpoch,
    Object,
    Plan,
    PlanSubject,
    ProposalSubject,
    Propose,
    Protect,
    RevokeKey,
    RiskSubject,
    SetState,
    SignHead,
    Tick,
    Withdraw,
)
from wideberth.party.envelope import Envelope, Signed, decode_envelope
from wideberth.party.hotline import (
    Acknowledge,
    AnswerMessage,
    CancelMessage,
    Delivered,
    Doubt,
    Reject,
    Review,
    Send,
    Stop,
)
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.theatre.alert_items import AlertItem, EncounterItem
from wideberth.theatre.hotline_items import DoubtItem
from wideberth.theatre.outcome import (
    Accepted,
    AnswerItem,
    AskedItem,
    ConflictItem,
    Decision,
    DueItem,
    Effects,
    Item,
    decode_decision,
    decode_derived,
    decode_notice,
)

Key = tuple[str, str, bytes]
"""("message", sender, id), ("conflict", "", id), ("thing", owner, id), ("doubt", party, id), ("alert", "", id) or
("encounter", "", id)."""
MaySee = Callable[[Entry], set[int]]
Chosen = dict[int, set[int]]
_decode_signed = msgspec.msgpack.Decoder(Signed).decode


class Subject(msgspec.Struct, frozen=True):
    """What is asked for. `id` is hexadecimal, or its beginning; `owner` may be empty where nobody else has that id."""

    kind: str
    """"message", "conflict", "operation", "alert", "encounter" or "period"."""
    owner: str = ""
    id: str = ""
    from_us: int = 0
    to_us: int = 0

    @property
    def name(self) -> str:
        """For people."""
        if self.kind == "period":
            return f"period {utc(self.from_us)} to {utc(self.to_us)}"
        owner = f"{self.owner}/" if self.owner else ""
        return f"{self.kind} {owner}{UUID(self.id) if len(self.id) == 32 else self.id}"


class Told(msgspec.Struct, frozen=True):
    """A notice part of an entry."""

    part: int
    party: str
    number: int
    items: tuple[Item, ...]


class Read(msgspec.Struct, frozen=True):
    """An entry as far as it is shown: None where the part is not there, or not for the one who shows."""

    entry: Entry
    seen: set[int]
    envelope: Envelope | None
    decision: Decision | None
    effects: Effects | None
    told: tuple[Told, ...]

    @property
    def quiet(self) -> bool:
        """Whether the node says it and it is about nobody: a tick, a digest of the state."""
        return self.envelope is not None and isinstance(self.envelope.command, Tick | CommitState)

    @property
    def accepted(self) -> Accepted | None:
        """The acceptance, where it is one and is shown."""
        return self.decision.outcome if self.decision and isinstance(self.decision.outcome, Accepted) else None


def read(entry: Entry, seen: set[int], items: bool = True) -> Read:
    """Decode what is shown of an entry; without `items` neither effects nor what notices say, only their numbers."""

    def content(index: int) -> bytes | None:
        part = entry.parts[index] if index in seen else None
        return part.content if part is not None else None

    first, second = content(0), content(1)
    envelope = decode_envelope(_decode_signed(first).envelope) if first is not None else None
    decision = decode_decision(second) if second is not None else None
    effects = None
    if items and decision is not None and decision.derived:
        third = content(2 + decision.attached)
        derived = decode_derived(third) if third is not None else None
        effects = derived if isinstance(derived, Effects) else None
    told = tuple(_notices(entry, seen, items))
    return Read(entry, seen, envelope, decision, effects, told)


def _notices(entry: Entry, seen: set[int], items: bool) -> Iterator[Told]:
    for index in sorted(seen):
        part = entry.parts[index]
        if index < 2 or part is None or not part.content.startswith(b"\x97\xb2wideberth/notice/1"):
            continue
        link = read_notice(part.content)
        if isinstance(link, Refusal) or (link.sequence, link.time_us) != (entry.sequence, entry.time_us):
            continue
        try:
            yield Told(index, link.party, link.number, decode_notice(link.body).items if items else ())
        except UNREADABLE:
            yield Told(index, link.party, link.number, ())  # of a form that this version does not know


# what an entry speaks of


def said_keys(envelope: Envelope) -> set[Key]:
    """What a command is about."""
    party, command = envelope.party, envelope.command
    match command:
        case Send(message=message, conflict=conflict):
            more = {("conflict", "", conflict)} if conflict is not None else set()
            return {("message", party, message), *more}
        case Stop(message=message) | CancelMessage(message=message):
            return {("message", party, message)}
        case Doubt(doubt=doubt, subject=subject):
            return {("doubt", party, doubt), ("message", subject.sender, subject.message)}
        case Review(doubt=doubt):
            return {("doubt", party, doubt)}
        case Acknowledge(subject=subject) | AnswerMessage(subject=subject) | Reject(subject=subject):
            return {("message", subject.sender, subject.message)}
        case Plan(operation=thing) | Confirm(operation=thing) | SetState(operation=thing) | Constrain(constraint=thing):
            return {("thing", party, thing)}
        case Protect(place=thing) | Lift(thing=thing):
            return {("thing", party, thing)}
        case Propose(conflict=conflict) | AcceptRisk(conflict=conflict):
            return {("conflict", "", conflict)}
        case Concur(subject=about) | Object(subject=about) | Withdraw(subject=about):
            match about:
                case ProposalSubject(conflict=conflict) | RiskSubject(conflict=conflict):
                    return {("conflict", "", conflict)}
                case PlanSubject(party=owner, operation=thing):
                    return {("thing", owner, thing)}
        case Delivered(rows=rows):
            return {("message", row.sender, row.message) for row in rows}
        case SetAircraft(operation=thing):
            return {("thing", party, thing)}
        case Warned(warnings=warnings):
            return {("alert", "", warning.alert) for warning in warnings}
        case AcknowledgeAlert(alert=alert):
            return {("alert", "", alert)}
        case FileEncounter(encounter=encounter):
            return {("encounter", "", encounter)}
    return set()


def item_keys(item: Item, reader: str) -> set[Key]:
    """What an item of a notice to `reader` is about."""
    match item:
        case ConflictItem(conflict=conflict, mine=mine):
            return {("conflict", "", conflict), ("thing", reader, mine)}
        case AskedItem(party=owner, operation=thing):
            return {("thing", owner, thing)}
        case AnswerItem(operation=thing):
            return {("thing", reader, thing)}
        case DueItem(thing=thing):
            return {("thing", reader, thing), ("conflict", "", thing)}
        case AlertItem(alert=alert):
            return {("alert", "", alert)}
        case EncounterItem(encounter=encounter):
            return {("encounter", "", encounter)}
    sender, message = getattr(item, "sender", None), getattr(item, "message", None)
    if isinstance(sender, str) and isinstance(message, bytes):
        return {("message", sender, message)}
    about = getattr(item, "conflict", None)
    return {("conflict", "", about)} if isinstance(about, bytes) else set()


class Relations:
    """What belongs to what, as far as it is shown; the first pass."""

    def __init__(self) -> None:
        self.seen: set[Key] = set()
        self.doubts: dict[Key, set[Key]] = {}
        self.things: dict[Key, set[Key]] = {}
        self.conflicts: dict[Key, set[Key]] = {}
        self.messages: dict[Key, set[Key]] = {}
        """Of a conflict or an operation."""
        self.alerts: dict[Key, set[Key]] = {}
        """By alert, the things that it is known to concern."""

    def add(self, read_: Read) -> None:
        """Learn from an entry."""
        envelope = read_.envelope
        said = said_keys(envelope) if envelope is not None else set()
        self.seen |= said
        if envelope is not None:
            self._said(envelope, said, read_)
        for told in read_.told:
            for item in told.items:
                keys = item_keys(item, told.party)
                self.seen |= keys
                if isinstance(item, DoubtItem):
                    for key in keys:
                        self.doubts.setdefault(key, set()).add(("doubt", item.party, item.doubt))
                if isinstance(item, ConflictItem):
                    self._pair(("conflict", "", item.conflict), ("thing", told.party, item.mine))
                if isinstance(item, AlertItem):
                    self._concerns(item.alert, told.party, item.operation)
        for opened in read_.effects.opened if read_.effects is not None else ():
            for owner, thing in (opened.first, opened.second):
                self._pair(("conflict", "", opened.conflict), ("thing", owner, thing))

    def _said(self, envelope: Envelope, said: set[Key], read_: Read) -> None:
        command = envelope.command
        if isinstance(command, Doubt):
            doubt, message = ("doubt", envelope.party, command.doubt), command.subject
            self.doubts.setdefault(("message", message.sender, message.message), set()).add(doubt)
        if isinstance(command, Send):
            own = ("message", envelope.party, command.message)
            if command.conflict is not None:
                self.messages.setdefault(("conflict", "", command.conflict), set()).add(own)
            if command.operation is not None:
                thing = ("thing", envelope.party, command.operation)
                self.messages.setdefault(thing, set()).add(own)
                self.things.setdefault(own, set()).add(thing)
        for warning in command.warnings if isinstance(command, Warned) else ():
            for side in warning.sides:
                self._concerns(warning.alert, side.party, side.operation)
        for conflict in read_.accepted.conflicts if read_.accepted is not None else ():
            for key in said:
                self._pair(("conflict", "", conflict), key)

    def _concerns(self, alert: bytes, party: str, operation: bytes) -> None:
        if operation:
            self.alerts.setdefault(("alert", "", alert), set()).add(("thing", party, operation))

    def _alerts(self, root: Key) -> set[Key]:
        """Of an operation, those that concern it; of a conflict, those that concern its things and no others."""
        about = {root} if root[0] == "thing" else self.things.get(root, set()) if root[0] == "conflict" else set()
        one = root[0] == "thing"
        return {alert for alert, things in self.alerts.items() if (things & about if one else things <= about)}

    def _pair(self, conflict: Key, thing: Key) -> None:
        self.seen |= {conflict, thing}
        self.things.setdefault(conflict, set()).add(thing)
        self.conflicts.setdefault(thing, set()).add(conflict)

    def wanted(self, subject: Subject) -> tuple[Key, set[Key], set[Key]] | Refusal:
        """The subject itself; what is about it; and things of which only the filing is."""
        owner = subject.owner
        kind = "thing" if subject.kind == "operation" else subject.kind
        roots = {k for k in self.seen if k[0] == kind and k[2].hex().startswith(subject.id) and owner in ("", k[1])}
        if not roots:
            return refuse(Reason.UNKNOWN, subject.kind, "one that is spoken of in what may be shown", subject.name)
        if len(roots) > 1:
            limit = "its whole id, with its owner before it (PARTY/ID): several begin so"
            return refuse(Reason.UNKNOWN, subject.kind, limit, f"{len(roots)} that begin so")
        (root,) = roots
        wanted, filings = {root}, self.things.get(root, set()) | self.alerts.get(root, set())
        wanted |= self.messages.get(root, set()) | self._alerts(root)
        if kind == "thing":
            wanted |= self.conflicts.get(root, set())
        for key in tuple(wanted):
            wanted |= self.doubts.get(key, set())
        return root, wanted, filings


# choosing


class Support:
    """Entries that carry keys, signatures for notices and erasures: they come along where they are needed."""

    def __init__(self) -> None:
        self.founding: Chosen = {}
        self.keys: list[tuple[str, int, set[int]]] = []
        self.heads: dict[str, list[tuple[int, int, set[int]]]] = {}
        self.erasures: dict[int, list[tuple[int, set[int]]]] = {}

    def add(self, read_: Read) -> None:
        """Note an entry of one of these kinds."""
        envelope, sequence = read_.envelope, read_.entry.sequence
        if envelope is None:
            return
        shown = own_parts(read_)
        match envelope.command:
            case Genesis() | NewEpoch():
                self.founding[sequence] = shown
            case Accept() | GrantKey() | RevokeKey():
                self.keys.append((envelope.party, sequence, shown))
            case Invite(party=party):
                self.keys.append((party, sequence, shown))
            case SignHead(number=number) if read_.accepted is not None:
                self.heads.setdefault(envelope.party, []).append((number, sequence, shown))
            case Erase(sequence=of) if read_.accepted is not None:
                self.erasures.setdefault(of, []).append((sequence, shown))

    def needed(self, chosen: Chosen, speakers: set[str], notices: Iterable[tuple[str, int]]) -> Chosen:
        """What to add to a choice: keys of its speakers, the first signature for each notice, erasures."""
        more = dict(self.founding)
        told = list(notices)
        signing = {party for party, _ in told if party in self.heads}
        for party, number in told:
            row = next((row for row in self.heads.get(party, ()) if row[0] >= number), None)
            if row is not None:
                more[row[1]] = row[2]
        for sequence in chosen:
            more |= dict(self.erasures.get(sequence, ()))
        more |= {sequence: shown for party, sequence, shown in self.keys if party in speakers | signing}
        return more


def own_parts(read_: Read) -> set[int]:
    """The envelope, its answer, and the parts that it attaches, as far as they are shown."""
    attached = read_.decision.attached if read_.decision is not None else 0
    return {i for i in (0, 1, *range(2, 2 + attached)) if i in read_.seen}


def choose(
    source: Callable[[str], Iterable[Entry]], may_see: MaySee, subject: Subject
) -> tuple[Subject, Chosen] | Refusal:
    """The subject by its whole name, the entries to show, and what of each. `source` gives all entries anew for each
    pass, and is told what it is for."""
    relations, support = Relations(), Support()
    if subject.kind == "period":
        within = _period(source("choosing"), may_see, subject, support)
        return within if isinstance(within, Refusal) else (subject, within)
    for read_ in _readable(source("looking for it"), may_see):
        relations.add(read_)
        support.add(read_)
    wanted = relations.wanted(subject)
    if isinstance(wanted, Refusal):
        return wanted
    chosen: Chosen = {}
    speakers, notices = set[str](), list[tuple[str, int]]()
    for read_ in _readable(source("choosing"), may_see):
        shown = _about(read_, *wanted[1:])
        if shown:
            chosen[read_.entry.sequence] = shown
            speakers |= {read_.envelope.party} if read_.envelope is not None and 0 in shown else set()
            notices += [(told.party, told.number) for told in read_.told if told.part in shown]
    _, owner, thing = wanted[0]
    named = Subject(subject.kind, owner, thing.hex())
    return named, _merged(chosen, support.needed(chosen, speakers, notices))


def _readable(entries: Iterable[Entry], may_see: MaySee, items: bool = True) -> Iterator[Read]:
    for entry in entries:
        seen = may_see(entry)
        if seen and not (read_ := read(entry, seen, items)).quiet:
            yield read_


def _about(read_: Read, wanted: set[Key], filings: set[Key]) -> set[int]:
    """The parts of an entry that are about what is wanted."""
    shown: set[int] = set()
    envelope = read_.envelope
    if envelope is not None:
        keys = said_keys(envelope)
        files = isinstance(envelope.command, Plan | Constrain | Protect) and bool(keys & filings)
        opened = read_.accepted.conflicts if read_.accepted is not None else ()
        if isinstance(envelope.command, Delivered | Warned):
            keys = keys if keys <= wanted else set()  # a row of another message or alert is not shown along
        if keys & wanted or files or any(("conflict", "", conflict) in wanted for conflict in opened):
            shown |= own_parts(read_)
    for told in read_.told:
        if any(item_keys(item, told.party) & wanted for item in told.items):
            shown.add(told.part)
    if shown and envelope is None:  # texts and volumes that a notice names
        shown |= read_.seen - {told.part for told in read_.told}
    return shown


def _period(entries: Iterable[Entry], may_see: MaySee, subject: Subject, support: Support) -> Chosen | Refusal:
    """All that may be shown of a span of time, but for what the node says to itself."""
    chosen: Chosen = {}
    speakers, notices = set[str](), list[tuple[str, int]]()
    for read_ in _readable(entries, may_see, items=False):
        support.add(read_)
        if subject.from_us <= read_.entry.time_us < subject.to_us:
            chosen[read_.entry.sequence] = read_.seen
            speakers |= {read_.envelope.party} if read_.envelope is not None else set()
            notices += [(told.party, told.number) for told in read_.told]
    if not chosen:
        return refuse(Reason.UNKNOWN, "period", "one with entries that may be shown", subject.name)
    return _merged(chosen, support.needed(chosen, speakers, notices))


def _merged(chosen: Chosen, more: Chosen) -> Chosen:
    both = dict(chosen)
    for sequence, shown in more.items():
        both[sequence] = both.get(sequence, set()) | shown
    return both
