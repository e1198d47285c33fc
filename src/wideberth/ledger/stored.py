"""What lies in a data folder: the entries of the database and the signed heads, read without changing or trusting it.

In:  a folder, and the keys that may have signed its head.
Out: entries, each checked by itself; the tree over all of them, checked against the signed heads.
Raises: `LedgerDamaged` with the first entry that cannot be trusted; `LedgerFailed` when the folder cannot be read.

The database is opened read only, so a folder that is refused stays as it was found: SQLite would otherwise copy what it
made of a damaged write-ahead log into the database.
"""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from wideberth.ledger.checkpoint import Checkpoint, Verifier, verify_note
from wideberth.ledger.entry import Entry, read_stored
from wideberth.ledger.head import read_slots
from wideberth.ledger.merkle import Tree
from wideberth.ledger.store import LedgerDamaged, LedgerFailed
from wideberth.refusal import Refusal

DATABASE: Final = "ledger.sqlite3"
STORE_VERSION: Final = 1
"""`user_version` of the database."""
_FAILURES: Final = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
    }
)
"""Primary result codes that speak of the environment; all others, met while reading, speak of what is stored."""


class Stored:
    """The ledger of a folder as it lies there."""

    def __init__(self, folder: Path, known: Sequence[Verifier]) -> None:
        """`known` are the keys that may have signed the head, each for the origin of its name.

        Raises LedgerDamaged when the head file holds anything else.
        """
        self._folder = folder
        with failing(folder, "cannot be read"):
            slots = read_slots(folder)
        heads = [(_known_head(note, known), note, slot) for slot, note in enumerate(slots) if note]
        heads.sort(key=lambda head: head[0].size)
        self.heads: tuple[Checkpoint, ...] = tuple(head for head, _, _ in heads)
        """The signed heads that the file holds, the newest last."""
        self.note: bytes = heads[-1][1] if heads else b""
        """The newest head's note; empty when there is no head file."""
        self.slot: int = heads[-1][2] if heads else 0
        """The slot in which it stands."""

    def check(self, each: Callable[[Entry], None] | None = None) -> tuple[Tree, int]:
        """Read and check everything; the tree, and the last entry's time in us (-1 when there is none).

        `each` gets every entry in order while it is checked; what it built is void when this raises.
        """
        tree, last_time_us = Tree(), -1
        for entry in self.entries():
            last_time_us = entry.time_us
            tree.append(entry.leaf_hash)
            if each is not None:
                each(entry)
        self._check_heads(tree)
        return tree, last_time_us

    def _check_heads(self, tree: Tree) -> None:
        if tree.size and not self.heads:
            raise LedgerDamaged(0, f"the head file is missing, and the database has {tree.size} entries")
        sound = 0
        for head in self.heads:
            if tree.size < head.size:
                what = f"the signed head counts {head.size} entries, the database has {tree.size}"
                raise LedgerDamaged(tree.size, what)
            if tree.root(head.size) != head.root:
                raise LedgerDamaged(sound, f"the entries are not those of the signed head of {head.size} entries")
            sound = head.size

    def entries(self) -> Iterator[Entry]:
        """The entries in order from 0, checked (`LedgerDamaged`) by themselves and not against the heads."""
        return stored_entries(self._folder)


def stored_entries(folder: Path) -> Iterator[Entry]:
    """The entries of a folder, row by row, each checked by itself; LedgerDamaged names the first that is not one."""
    path, at, last_time_us = folder / DATABASE, 0, -1
    if not path.exists():
        return
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            for row in db.execute("SELECT sequence, leaf, parts FROM entry ORDER BY sequence"):
                entry = checked_row(row, at)
                if entry.time_us <= last_time_us:
                    raise LedgerDamaged(at, "its time is not after the time of the entry before")
                yield entry
                at, last_time_us = at + 1, entry.time_us
            (found,) = db.execute("PRAGMA quick_check(1)").fetchone()
            if found != "ok":
                raise LedgerDamaged(0, f"the database is not in order ({found.strip()})")
    except sqlite3.Error as error:
        raise failure(folder, "cannot be read", error, at) from error


def checked_row(row: tuple[int, bytes, bytes], sequence: int) -> Entry:
    """The entry of a row that should be `sequence`; LedgerDamaged when it is not one."""
    number, leaf, stored = row
    if number != sequence:
        raise LedgerDamaged(sequence, f"entry {sequence} is missing, {number} follows")
    if type(leaf) is not bytes or type(stored) is not bytes:
        raise LedgerDamaged(sequence, "the database holds something else than bytes there")
    entry = read_stored(leaf, stored)
    if isinstance(entry, Refusal):
        raise LedgerDamaged(sequence, f"{entry.field} is not what was written ({entry.limit})")
    if entry.sequence != sequence:
        raise LedgerDamaged(sequence, f"the leaf of entry {entry.sequence} stands in its place")
    return entry


def failure(folder: Path, what: str, error: Exception, damaged_from: int | None = None) -> LedgerFailed:
    """The exception to raise for an error of SQLite or the system; damage where an error while reading means it."""
    code = getattr(error, "sqlite_errorcode", None)
    name = getattr(error, "sqlite_errorname", None) or type(error).__name__
    short = code == sqlite3.SQLITE_IOERR_SHORT_READ  # the file ends too early
    stored = isinstance(error, sqlite3.Error) and (code is None or short or code & 0xFF not in _FAILURES)
    if stored and damaged_from is not None:
        return LedgerDamaged(damaged_from, f"the database cannot be read there ({error}, {name})")
    return LedgerFailed(f"The ledger in {folder} {what}: {error} ({name}).")


@contextlib.contextmanager
def failing(folder: Path, what: str, damaged_from: int | None = None) -> Iterator[None]:
    """Turn errors of SQLite and of the system into `LedgerFailed` or `LedgerDamaged`."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise failure(folder, what, error, damaged_from) from error


def _known_head(note: bytes, known: Sequence[Verifier]) -> Checkpoint:
    verified = verify_note(note, known)
    if isinstance(verified, Refusal):
        raise LedgerDamaged(0, f"the signed head is not this ledger's ({verified.sentence().rstrip('.')})")
    if verified.checkpoint.origin not in {signed.by.name for signed in verified.signed}:
        raise LedgerDamaged(0, f"the signed head is of another origin ({verified.checkpoint.origin})")
    return verified.checkpoint
