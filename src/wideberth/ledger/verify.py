"""Is it what it claims to be? The check of a whole ledger, and of the parts that one party was given.

In:  entries in order (from a folder, a store, an export), a checkpoint whose signature was verified before, and what
     later rooms know: whether an envelope's signature holds, and where in an entry the notices begin.
Out: a `Report` with what was counted and every fault found, the first of them first. Nothing is raised for a fault.
Refuses: nothing as a value; a fault is a finding, not a refusal.

Checked are: form and commitments of each entry, contiguity from 0, times that rise, the RFC 6962 root at the
checkpoint's size, and each party's notice chain: numbered from 1 without gap, each naming the head before it. Erased
parts are counted; where a notice was erased the next one still names its head.
"""

from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Final

import msgspec

from wideberth.ledger.checkpoint import Checkpoint
from wideberth.ledger.entry import DECISION, NO_HEAD, Entry, Notice, Part, misfitting_part, read_leaf, read_notice
from wideberth.ledger.merkle import Tree, verify_inclusion
from wideberth.ledger.store import LedgerDamaged
from wideberth.refusal import Refusal

FAULTS_MAX: Final = 100
"""Faults that a report lists; a ledger with more is not looked at further."""
_NOTICE_PREFIX: Final = b"\x97\xb2wideberth/notice/1"


class Fault(msgspec.Struct, frozen=True):
    """What is wrong, and in which entry."""

    sequence: int
    what: str

    def sentence(self) -> str:
        """One sentence for people."""
        return f"Entry {self.sequence}: {self.what}."


class ChainHead(msgspec.Struct, frozen=True):
    """Where a party's notice chain stands: the last number, and SHA-256 of that notice's content."""

    number: int = 0
    head: bytes = NO_HEAD


class Report(msgspec.Struct, frozen=True):
    """What was found. `entries` and `parts` count what is sound, `absent` the parts among them without their bytes:
    erased, or withheld from the party. `root` is over the entries read; `notices` is where each party's chain stands.
    """

    entries: int
    parts: int
    absent: int
    first_time_us: int | None
    last_time_us: int | None
    root: bytes
    checkpoint: Checkpoint | None
    notices: dict[str, ChainHead]
    faults: tuple[Fault, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


class Given(msgspec.Struct, frozen=True):
    """An entry as one party was given it: its leaf, the parts it may see, and the inclusion proof, leaf level first."""

    entry: Entry
    proof: tuple[bytes, ...]


OnEntry = Callable[[Entry], str | None]
"""Later rooms' check of one entry, signatures above all: what is wrong with it, or None."""
FirstNotice = Callable[[Entry], int]
"""Index of an entry's first notice part, the number of its parts where it has none; the decision says it."""


def verify(
    entries: Iterable[Entry],
    checkpoint: Checkpoint | None = None,
    on_entry: OnEntry | None = None,
    first_notice: FirstNotice | None = None,
) -> Report:
    """Check a whole ledger. Entries past the checkpoint's size are checked too, but nothing signed covers them.

    Without `first_notice` the parts at an entry's end that name this entry in a notice's form are taken for notices.
    """
    check, tree = _Check({}), Tree()
    notices_from = first_notice or trailing_notices
    try:
        for entry in entries:
            if entry.sequence != tree.size:
                check.fault(tree.size, f"entry {entry.sequence} stands in its place")
                break
            tree.append(entry.leaf_hash)
            if check.entry(entry):
                check.fault(entry.sequence, on_entry(entry) if on_entry else None)
                check.notices(entry, notices_from(entry))
            if check.full:
                break
    except LedgerDamaged as damage:
        check.fault(damage.sequence, damage.what)
    if checkpoint is not None and tree.size < checkpoint.size:
        check.fault(tree.size, f"the checkpoint counts {checkpoint.size} entries, {tree.size} were read")
    elif checkpoint is not None and tree.root(checkpoint.size) != checkpoint.root:
        check.fault(0, f"the first {checkpoint.size} entries are not those of the checkpoint")
    return check.report(tree.root(), checkpoint)


def verify_given(given: Iterable[Given], checkpoint: Checkpoint, party: str, after: ChainHead | None = None) -> Report:
    """Check what one party was given against a checkpoint: its parts, their places, and that its notices have no gap.

    `after` is where the chain stood before the first notice given. That nothing was held back at the end shows in the
    report: the party compares the last number and head with what the node signs for.
    """
    check = _Check({party: after or ChainHead()})
    try:
        for item in given:
            entry = item.entry
            if not verify_inclusion(entry.sequence, checkpoint.size, entry.leaf_hash, item.proof, checkpoint.root):
                check.fault(entry.sequence, "its inclusion proof does not lead to the checkpoint")
            elif check.entry(entry):
                check.notices_to(party, entry)
            if check.full:
                break
    except LedgerDamaged as damage:
        check.fault(damage.sequence, damage.what)
    return check.report(checkpoint.root, checkpoint)


def trailing_notices(entry: Entry) -> int:
    """Index of the first of the parts at the end that are absent, or notices made in this very entry."""
    index = len(entry.parts)
    while index > DECISION + 1:
        part = entry.parts[index - 1]
        if part is not None and _notice_in(entry, part) is None:
            break
        index -= 1
    return index


def _notice_in(entry: Entry, part: Part) -> Notice | None:
    """The notice in a part, when it is one and was made in this entry; nobody can foresee an entry's microsecond."""
    if not part.content.startswith(_NOTICE_PREFIX):
        return None
    notice = read_notice(part.content)
    if isinstance(notice, Refusal) or (notice.sequence, notice.time_us) != (entry.sequence, entry.time_us):
        return None
    return notice


class _Check:
    """What is counted and found while entries go by."""

    def __init__(self, chains: dict[str, ChainHead]) -> None:
        self.faults: list[Fault] = []
        self.chains = chains
        self._entries = self._parts = self._absent = self._erased_notices = 0
        self._first_time_us: int | None = None
        self._last_time_us: int | None = None

    def fault(self, sequence: int, what: str | None) -> None:
        """Note a fault, if there is one."""
        if what is not None:
            self.faults.append(Fault(sequence, what))

    @property
    def full(self) -> bool:
        """Whether enough faults were found."""
        return len(self.faults) >= FAULTS_MAX

    def entry(self, entry: Entry) -> bool:
        """Form, time and commitments of one entry; whether its parts can be looked into."""
        leaf = read_leaf(entry.leaf)
        misfit = None if isinstance(leaf, Refusal) else misfitting_part(leaf.commitments, entry.parts)
        if isinstance(leaf, Refusal):
            self.fault(entry.sequence, f"its leaf is not one: {leaf.limit}")
        elif (leaf.sequence, leaf.time_us) != (entry.sequence, entry.time_us):
            self.fault(entry.sequence, f"its leaf is that of entry {leaf.sequence}")
        elif misfit is not None:
            self.fault(entry.sequence, f"part {misfit} does not fit its commitment")
        elif self._last_time_us is not None and entry.time_us <= self._last_time_us:
            self.fault(entry.sequence, "its time is not after the time of the entry before")
        else:
            self._entries += 1
            self._parts += len(entry.parts)
            self._absent += entry.parts.count(None)
            self._first_time_us = entry.time_us if self._first_time_us is None else self._first_time_us
            self._last_time_us = entry.time_us
            return True
        return False

    def notices(self, entry: Entry, first: int) -> None:
        """The notice parts of an entry of a whole ledger, from index `first` on."""
        for index, part in enumerate(entry.parts[first:], first):
            if part is None:
                self._erased_notices += 1
                continue
            notice = _notice_in(entry, part)
            if notice is None:
                self.fault(entry.sequence, f"part {index} is not a notice of this entry")
            else:
                self._link(entry, notice, part)

    def notices_to(self, party: str, entry: Entry) -> None:
        """The notice parts of an entry as `party` was given it."""
        for part in entry.parts[DECISION + 1 :]:
            notice = _notice_in(entry, part) if part is not None else None
            if notice is not None and part is not None:
                if notice.party != party:
                    self.fault(entry.sequence, f"it shows a notice to {notice.party}")
                else:
                    self._link(entry, notice, part)

    def _link(self, entry: Entry, notice: Notice, part: Part) -> None:
        last = self.chains.get(notice.party, ChainHead())
        missing = notice.number - last.number - 1
        if missing < 0:
            self.fault(entry.sequence, f"notice {notice.number} to {notice.party} follows number {last.number}")
        elif missing > self._erased_notices:
            gap = f"{last.number + 1}" if missing == 1 else f"{last.number + 1} to {notice.number - 1}"
            self.fault(entry.sequence, f"before notice {notice.number} to {notice.party}, {gap} is missing")
        elif missing == 0 and notice.previous_head != last.head:
            self.fault(entry.sequence, f"notice {notice.number} to {notice.party} names another notice before it")
        self._erased_notices -= max(0, min(missing, self._erased_notices))
        self.chains[notice.party] = ChainHead(notice.number, sha256(part.content).digest())

    def report(self, root: bytes, checkpoint: Checkpoint | None) -> Report:
        """What was found."""
        return Report(
            self._entries,
            self._parts,
            self._absent,
            self._first_time_us,
            self._last_time_us,
            root,
            checkpoint,
            self.chains,
            tuple(self.faults),
        )
