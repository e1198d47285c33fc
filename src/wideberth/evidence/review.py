"""The joint review of a span of time: what went how, out of the notices of those who were there.

In:  entries with what may be shown of each, a party's own or all; a span.
Out: a `Review`: figures of each pair of parties, which both find alike in their own copies, and the reader's own.
Refuses nothing: a span without entries gives a review of nothing.

A pair's figures rest on what the ledger told both in one and the same entry: a conflict that names both, a message and
its reaching every cell that it concerned, what climbed to the whole party, answers, doubts, the state of their line,
alerts between open plans, encounters that one filed and told the other of.
Left out is what one of them cannot see: conflicts with a private plan, alerts between plans that are not both open,
queries that were passed on to more parties, silence of single cells. Drills stand apart.
"""

from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any, Final

import msgspec

from wideberth.evidence.figures import Times, counts, summed, times
from wideberth.evidence.subject import MaySee, Read, read
from wideberth.ledger.entry import Entry
from wideberth.party.alerts import FileEncounter, Stage
from wideberth.party.command import Constrain, Disclosure, Genesis, Plan
from wideberth.party.hotline import AnswerKind, MessageKind, Send
from wideberth.theatre.alert_items import AlertItem, EncounterItem
from wideberth.theatre.alerts import TAKEN_UP
from wideberth.theatre.hotline_items import (
    DoubtItem,
    EchoItem,
    LineItem,
    MessageItem,
    MessageStateItem,
    ReachItem,
    ReplyItem,
    RungItem,
)
from wideberth.theatre.lifecycle import RUNG_MAX
from wideberth.theatre.outcome import ConflictItem, Item, LateItem, MemberItem, StateItem

Version = tuple[str, bytes, int]
Pair = tuple[str, str]
ENDED: Final = ("settled", "accepted", "cleared")
HAD: Final = ("received", "read-back")
DISAGREE: Final = (AnswerKind.NOT_OURS, AnswerKind.DECLINED, AnswerKind.UNKNOWN, "rejected")


class Joint(msgspec.Struct, frozen=True, kw_only=True):
    """What both parties of a pair find in their own copies. Drills, where they are, in `drills` and nowhere else."""

    parties: Pair
    conflicts: int
    settled: int
    settling: Times | None
    """From opening to settled, accepted or cleared."""
    late_plans: int
    late_notices: int
    stops: dict[str, int]
    """By who said STOP."""
    notices: dict[str, int]
    """By sender: versions of notices to the other."""
    responses: dict[str, dict[str, Times]]
    """By who responded and precedence: until every cell concerned had it."""
    escalations: dict[str, int]
    """By whose silence: climbed to the whole party."""
    misread: dict[str, int]
    """By who read back wrongly."""
    disagreements: tuple[tuple[str, str, str, str], ...]
    """Sender, message, who answered, what it last said: where nothing settled it since."""
    doubts: dict[str, int]
    doubts_open: int
    line_degraded: int
    line_lost: int
    drills: int
    alerts: dict[str, int]
    """By stage: alerts of the live watch between open plans of theirs that came so far."""
    taken_up: dict[str, Times]
    """By who took alerts up: from the first word of one."""
    not_taken_up: dict[str, int]
    """By who did not."""
    encounters: int
    """Encounters nearest within the span that one filed and told the other of, whenever it did."""
    filed: dict[str, dict[str, int]]
    """By who filed a version, and class."""
    encounters_differ: int
    """Of which both filed, and not the same class and rows."""

    @property
    def quiet(self) -> bool:
        """Whether nothing happened that both were told of."""
        return not any(getattr(self, name) for name in self.__struct_fields__ if name != "parties")


class Own(msgspec.Struct, frozen=True, kw_only=True):
    """What the reader alone sees."""

    cells: dict[str, dict[str, Times]]
    """By cell and precedence: until the cell had it."""
    cell_escalations: dict[str, int]
    """By cell: how often somebody else was asked."""
    conflicts_unnamed: int
    """With plans whose owner is not named, or of the reader's own that are private."""
    conflicts_own: int
    """Between two plans of one party."""


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """A review, and what it was made from. `digests` are over each pair's figures, to be compared by voice."""

    theatre: str
    exercise: bool | None
    party: str
    """"" where the whole ledger was read."""
    from_us: int
    to_us: int
    position: int
    root: str
    pairs: tuple[Joint, ...]
    digests: dict[str, str]
    own: Own


class _Message(msgspec.Struct):
    """A version of a message, as far as it is known."""

    kind: str
    precedence: str
    drill: bool
    late: bool
    sent_us: int
    to: set[str] = msgspec.field(default_factory=set)
    cells: dict[str, dict[str, int]] = msgspec.field(default_factory=dict)
    """By receiver and cell, when it had it; 0: not yet."""
    had_us: dict[str, int] = msgspec.field(default_factory=dict)
    """By receiver, when every cell had it."""


class _Conflict(msgspec.Struct):
    parties: tuple[str, str | None]
    opened_us: int
    ended_us: int = 0
    hidden: bool = False


class _Alert(msgspec.Struct):
    """An alert between two parties: when each stage was first told, and who took it up when."""

    stages: dict[str, int] = msgspec.field(default_factory=dict)
    taken_us: dict[str, int] = msgspec.field(default_factory=dict)


class _Tally:
    """What the notices of a span come to."""

    def __init__(self, from_us: int, to_us: int) -> None:
        self.from_us, self.to_us = from_us, to_us
        self.theatre, self.exercise = "", None  # type: str, bool | None
        self.messages: dict[Version, _Message] = {}
        self.conflicts: dict[bytes, _Conflict] = {}
        self.private: set[tuple[str, bytes]] = set()
        self.late: set[bytes] = set()
        self.known: set[str] = set()
        self.rungs: set[tuple[int, str, str]] = set()
        self.cell_rungs: dict[str, int] = {}
        self.misread: set[tuple[int, str, str]] = set()
        self.said: dict[tuple[str, bytes, str], str] = {}
        self.doubts: dict[tuple[str, bytes], tuple[str, str, bool]] = {}
        self.lines: set[tuple[int, Pair, str]] = set()
        self.open: set[tuple[str, bytes]] = set()
        self.alerts: dict[tuple[bytes, Pair], _Alert] = {}
        self.encounters: dict[tuple[bytes, Pair], dict[str, tuple[str, bytes]]] = {}
        """By encounter and pair: who filed it, with class and hash."""

    def add(self, read_: Read) -> None:
        """One entry."""
        time_us, sequence = read_.entry.time_us, read_.entry.sequence
        self._said(read_)
        for told in read_.told:
            for item in told.items:
                if isinstance(item, EncounterItem):
                    self._filed(item, told.party, (item.party,))
                elif self.from_us <= time_us < self.to_us:
                    self._item(item, told.party, time_us, sequence)

    def _said(self, read_: Read) -> None:
        envelope, accepted = read_.envelope, read_.accepted
        if envelope is None:
            return
        command, party = envelope.command, envelope.party
        if accepted is not None and accepted.late:
            self.late |= set(accepted.conflicts)
        match command:
            case Genesis(theatre=theatre, exercise=exercise, founders=founders):
                self.theatre, self.exercise = theatre, exercise
                self.known |= {founder.party for founder in founders}
            case Plan(operation=operation, disclosure=disclosure) if accepted is not None:
                if disclosure is Disclosure.PRIVATE:
                    self.private.add((party, operation))
                (self.open.add if disclosure is Disclosure.OPEN else self.open.discard)((party, operation))
            case Constrain(constraint=constraint) if accepted is not None:
                self.open.add((party, constraint))
            case FileEncounter(to=to) if accepted is not None:
                self._filed(command, party, to)
            case Send(message=message, to=to) if accepted is not None:
                found = self.messages.get((party, message, accepted.version))
                inside = self.from_us <= read_.entry.time_us < self.to_us
                if inside and found is None:
                    rest = (command.drill, accepted.late, read_.entry.time_us, set(to))
                    self.messages[(party, message, accepted.version)] = _Message(
                        command.kind, command.precedence, *rest
                    )

    def _item(self, item: Item, reader: str, time_us: int, sequence: int) -> None:
        match item:
            case MessageItem():
                self._message(item, reader, time_us)
            case ReachItem():
                self._reach(item, time_us)
            case RungItem(sender=sender, party=party, cell=cell, rung=rung):
                if rung >= RUNG_MAX:
                    self.rungs.add((sequence, sender, party))
                if cell is not None:
                    self.cell_rungs[f"{party}/{cell}"] = self.cell_rungs.get(f"{party}/{cell}", 0) + 1
            case EchoItem(sender=sender, party=party):
                self.misread.add((sequence, sender, party))
            case ReplyItem(sender=sender, message=message, party=party, answer=answer):
                self.said[(sender, message, party)] = answer
            case MessageStateItem(sender=sender, message=message, what="cancelled" | "answered"):
                for key in [key for key in self.said if key[:2] == (sender, message)]:
                    del self.said[key]
            case AlertItem():
                self._alert(item, reader, time_us)
            case DoubtItem(sender=sender, party=party, doubt=doubt, what=what):
                self.doubts[(party, doubt)] = (sender, party, what != "reviewed")
            case LineItem(first=first, second=second, what="degraded" | "lost" as what):
                self.lines.add((sequence, _pair(first, second), what))
            case _:
                self._conflict(item, reader, time_us)

    def _filed(self, one: FileEncounter | EncounterItem, by_or_to: str, others: tuple[str, ...]) -> None:
        """A version of an encounter: as its filer said it, or as another was told of it."""
        if not self.from_us <= one.at_us < self.to_us:
            return
        filer = one.party if isinstance(one, EncounterItem) else by_or_to
        for other in others:
            if other != by_or_to:
                versions = self.encounters.setdefault((one.encounter, _pair(by_or_to, other)), {})
                versions[filer] = (one.grade, one.digest)

    def _alert(self, item: AlertItem, reader: str, time_us: int) -> None:
        """Counted where each is named to the other, that is, where both plans are open."""
        if not item.other or (reader, item.operation) not in self.open:
            return
        found = self.alerts.setdefault((item.alert, _pair(reader, item.other)), _Alert())
        if item.what != TAKEN_UP:
            found.stages.setdefault(item.what, time_us)
        elif item.by in (reader, item.other):
            found.taken_us.setdefault(item.by, time_us)

    def _message(self, item: MessageItem, reader: str, time_us: int) -> None:
        key = (item.sender, item.message, item.version)
        found = self.messages.get(key)
        if found is None:
            found = _Message(item.kind, item.precedence, item.drill, item.late, time_us)
            self.messages[key] = found
        if reader != item.sender:
            found.to.add(reader)
            found.cells[reader] = dict.fromkeys(item.cells, 0)
        for old in [k for k in self.said if k[:2] == key[:2]]:
            del self.said[old]

    def _reach(self, item: ReachItem, time_us: int) -> None:
        found = self.messages.get((item.sender, item.message, item.version))
        if found is None or item.reach not in HAD:
            return
        if item.cell is None:
            found.had_us.setdefault(item.party, time_us)
            return
        cells = found.cells.get(item.party)
        if cells is not None and not cells.get(item.cell):
            cells[item.cell] = time_us
            if all(cells.values()):
                found.had_us.setdefault(item.party, time_us)

    def _conflict(self, item: Item, reader: str, time_us: int) -> None:
        match item:
            case ConflictItem(conflict=conflict, what="opened", party=party, mine=mine):
                row = self.conflicts.setdefault(conflict, _Conflict((reader, party), time_us))
                row.hidden = row.hidden or party is None or (reader, mine) in self.private
            case StateItem(conflict=conflict, state=state) if conflict in self.conflicts:
                self.conflicts[conflict].ended_us = time_us if state in ENDED else 0
            case LateItem(conflict=conflict):
                self.late.add(conflict)
            case MemberItem(what="joined", party=party):
                self.known.add(party)

    # figures

    def pairs(self, party: str) -> tuple[Joint, ...]:
        """The joint figures of each pair that the reader belongs to; of all pairs without one."""
        found = {_pair(sender, to) for (sender, _, _), m in self.messages.items() for to in (*m.to, *m.had_us)}
        found |= {_pair(c.parties[0], c.parties[1]) for c in self.conflicts.values() if c.parties[1] and not c.hidden}
        found |= {pair for _, pair, _ in self.lines}
        found |= {pair for _, pair in (*self.alerts, *self.encounters)}
        stops = {sender for (sender, _, _), m in self.messages.items() if m.kind == MessageKind.STOP}
        found |= {_pair(sender, other) for sender in stops for other in self.known}
        return tuple(self._joint(pair) for pair in sorted(found) if party in ("", *pair) and pair[0] != pair[1])

    def _joint(self, pair: Pair) -> Joint:
        conflicts = {i: c for i, c in self.conflicts.items() if not c.hidden and _pair(*c.parties) == pair}
        ended = [c.ended_us - c.opened_us for c in conflicts.values() if c.ended_us]
        messages = [(key, m) for key, m in self.messages.items() if key[0] in pair and not m.drill]
        notices = [(key, m) for key, m in messages if m.kind == MessageKind.NOTICE and _other(key[0], pair) in m.to]
        drills = [(key, m) for key, m in self.messages.items() if key[0] in pair and m.drill]
        notice_drills = [key for key, m in drills if m.kind == MessageKind.NOTICE and _other(key[0], pair) in m.to]
        stop_drills = [key for key, m in drills if m.kind == MessageKind.STOP]
        filed = [versions for (_, who), versions in self.encounters.items() if who == pair]
        doubts = [(d, is_open) for sender, d, is_open in self.doubts.values() if {sender, d} == set(pair)]
        return Joint(
            parties=pair,
            conflicts=len(conflicts),
            settled=len(ended),
            settling=times(ended),
            late_plans=len(self.late & conflicts.keys()),
            late_notices=sum(m.late for _, m in notices),
            stops=counts(key[0] for key, m in messages if m.kind == MessageKind.STOP),
            notices=counts(key[0] for key, _ in notices),
            responses=self._responses(messages, pair),
            escalations=counts(party for _, sender, party in self.rungs if _pair(sender, party) == pair),
            misread=counts(party for _, sender, party in self.misread if _pair(sender, party) == pair),
            disagreements=self._disagreements(pair),
            doubts=counts(party for party, _ in doubts),
            doubts_open=sum(is_open for _, is_open in doubts),
            line_degraded=sum(1 for _, who, what in self.lines if who == pair and what == "degraded"),
            line_lost=sum(1 for _, who, what in self.lines if who == pair and what == "lost"),
            drills=len(notice_drills) + len(stop_drills),
            encounters=len(filed),
            filed={p: counts(v[p][0] for v in filed if p in v) for p in pair if any(p in v for v in filed)},
            encounters_differ=sum(len(set(versions.values())) > 1 for versions in filed),
            **self._alerts(pair),
        )

    def _alerts(self, pair: Pair) -> dict[str, Any]:
        rows = [row for (_, who), row in self.alerts.items() if who == pair and row.stages]
        open_ = [row for row in rows if row.stages.keys() & {Stage.WARNED, Stage.HAPPENED}]
        took = {
            party: [row.taken_us[party] - min(row.stages.values()) for row in open_ if party in row.taken_us]
            for party in pair
        }
        return {
            "alerts": counts(stage for row in rows for stage in row.stages),
            "taken_up": {party: found for party, us in took.items() if (found := times(us)) is not None},
            "not_taken_up": {party: left for party, us in took.items() if (left := len(open_) - len(us))},
        }

    def _responses(self, messages: list[tuple[Version, _Message]], pair: Pair) -> dict[str, dict[str, Times]]:
        took: dict[str, dict[str, list[int]]] = {}
        for (sender, _, _), m in messages:
            party = _other(sender, pair)
            if party in m.had_us:
                rows = took.setdefault(party, {}).setdefault(m.precedence, [])
                rows.append(m.had_us[party] - m.sent_us)
        return summed(took)

    def _disagreements(self, pair: Pair) -> tuple[tuple[str, str, str, str], ...]:
        rows = [
            (sender, message.hex(), party, answer)
            for (sender, message, party), answer in self.said.items()
            if answer in DISAGREE and _pair(sender, party) == pair
        ]
        return tuple(sorted(rows))

    def own(self, party: str) -> Own:
        """What the reader alone sees."""
        took: dict[str, dict[str, list[int]]] = {}
        for m in self.messages.values():
            for receiver, cells in m.cells.items():
                for cell, had_us in cells.items():
                    if had_us and not m.drill and party in ("", receiver):
                        name = f"{receiver}/{cell}" if cell else receiver
                        took.setdefault(name, {}).setdefault(m.precedence, []).append(had_us - m.sent_us)
        rows = list(self.conflicts.values())
        return Own(
            cells=summed(took),
            cell_escalations=dict(sorted(self.cell_rungs.items())),
            conflicts_unnamed=sum(c.hidden for c in rows),
            conflicts_own=sum(c.parties[0] == c.parties[1] for c in rows),
        )


def _pair(one: str, other: str | None) -> Pair:
    first, second = sorted((one, other or ""))
    return first, second


def _other(party: str, pair: Pair) -> str:
    return pair[1] if party == pair[0] else pair[0]


def review(
    entries: Iterable[Entry], may_see: MaySee, party: str, span_us: tuple[int, int], made_from: tuple[int, bytes]
) -> Review:
    """Make the review. `made_from` is the ledger's size and root; every entry is read, for what was said before."""
    tally = _Tally(*span_us)
    for entry in entries:
        seen = may_see(entry)
        if seen:
            tally.add(read(entry, seen))
    pairs = tally.pairs(party)
    encode: Callable[[Any], bytes] = msgspec.json.Encoder(order="sorted").encode
    digests = {"/".join(pair.parties): sha256(encode((span_us, pair))).hexdigest() for pair in pairs}
    return Review(
        theatre=tally.theatre,
        exercise=tally.exercise,
        party=party,
        from_us=span_us[0],
        to_us=span_us[1],
        position=made_from[0],
        root=made_from[1].hex(),
        pairs=pairs,
        digests=digests,
        own=tally.own(party),
    )
