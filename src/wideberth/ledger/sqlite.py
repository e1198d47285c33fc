"""The ledger on disk: SQLite for the entries, a file of its own for the signed head, one folder for both.

In:  a data folder, the node's signer, groups of entries.
Out: the signed head once a group and its head are on the disk; entries, checked as they are read.
Raises: what `store` lists. Opening reads everything and refuses (`LedgerDamaged`, with the first entry that cannot be
trusted) what is not what was written: a cut tail, an old copy, a flipped byte that changes anything, a foreign head.
A refused folder is left as it was found.

A group is one transaction (WAL, synchronous=FULL) and then one head. A crash between the two leaves entries that are
durable but were never answered; opening keeps them. The database is never behind the head, unless it is damaged:
SQLite drops the end of a write-ahead log with a flipped byte without a word, so the head is what tells.
Automatic checkpoints are off, because SQLite swallows their errors, and a failed sync must end the process.
"""

import contextlib
import errno
import fcntl
import mmap
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from wideberth.ledger.checkpoint import Signer, Verifier
from wideberth.ledger.entry import Entry, Part, erased, parts_bytes
from wideberth.ledger.head import HeadFile, private, sync_folder
from wideberth.ledger.merkle import EMPTY_ROOT
from wideberth.ledger.store import Head, LedgerDamaged, LedgerFailed, LedgerFull, WrongSize, check_group
from wideberth.ledger.stored import DATABASE, STORE_VERSION, Stored, checked_row, failing
from wideberth.limits import RESERVE_BYTES

LOCK: Final = "lock"
RESERVE: Final = "reserve"
BACKUP: Final = "backup"
"""A file of this name marks a backup, which is restored as a new epoch and never opened as the ledger itself."""
_CHUNK_ROWS: Final = 1_000
_CHECKPOINT_BYTES: Final = 1_048_576
"""About how much the write-ahead log holds when it is copied into the database and begun anew."""
_GROUP_BYTES: Final = 8_192
"""What a group adds to the log beside its rows: two pages, written whole."""
_RETRY_BYTES: Final = 65_536
"""About how much is appended before a log that a reader kept from being emptied is tried again."""
_PATIENCE_MS: Final = 200
"""How long emptying the log waits for the node's own readers."""
_PROBE_BYTES: Final = 16
"""Length of the pieces of an erased part that are looked for in the database file."""


class SqliteLedger:
    """A `Store` in a data folder. One thread appends and erases; `read` may run in others meanwhile."""

    def __init__(
        self,
        folder: Path,
        signer: Signer,
        known: Sequence[Verifier] = (),
        each: Callable[[Entry], None] | None = None,
    ) -> None:
        """Lock the folder, check everything in it, and open it; a folder without a ledger gets an empty one.

        `known` are further keys that may have signed the head (the node's former ones). `each` gets every entry while
        it is checked, in order: the way to replay without reading twice. What it built is void when opening raises.
        """
        assert all(key.name == signer.origin for key in known), "former keys signed for the same origin"
        self._folder, self._signer = folder, signer
        self._broken, self._since_checkpoint = False, 0
        self._erased: list[Part] = []
        """Erased parts of which the log or a gap of the file may still hold a copy."""
        with contextlib.ExitStack() as opened:
            opened.callback(os.close, lock_folder(folder))
            stored = Stored(folder, (signer.verifier, *known))
            self.tree, self._last_time_us = stored.check(each)
            root = self.tree.root()
            self.head = Head(self.tree.size, root, signer.note(self.tree.size, root))
            with failing(folder, "cannot be opened for writing"):
                if not (folder / DATABASE).exists():
                    _create(folder)
                self._db = opened.enter_context(contextlib.closing(_connect(folder)))
                self._reader = opened.enter_context(contextlib.closing(_connect(folder)))
                self._head_file = HeadFile(folder, signer.note(0, EMPTY_ROOT), newest_slot=stored.slot)
                opened.callback(self._head_file.close)
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                if stored.note != self.head.note and self.head.size:
                    self._head_file.write(self.head.note)
                self.hold_reserve()
                sync_folder(folder)
            self._opened = opened.pop_all()

    def append(self, group: Sequence[Entry], expected_size: int) -> Head:
        """See `Store.append`."""
        self._check_usable()
        if expected_size != self.head.size:
            raise WrongSize(expected_size, self.head.size)
        if not group:
            return self.head
        check_group(group, self.head.size, self._last_time_us)
        rows = [(entry.sequence, entry.leaf, parts_bytes(entry.parts)) for entry in group]
        with self._writing():
            self._commit("INSERT INTO entry VALUES (?, ?, ?)", rows)
            self.tree.extend(entry.leaf_hash for entry in group)
            root = self.tree.root()
            head = Head(self.tree.size, root, self._signer.note(self.tree.size, root))
            self._head_file.write(head.note)
            self.head, self._last_time_us = head, group[-1].time_us
            self._checkpoint_when_due(sum(len(parts) for _, _, parts in rows))
        return self.head

    def read(self, from_sequence: int = 0, limit: int | None = None) -> Iterator[Entry]:
        """See `Store.read`."""
        at, end = from_sequence, self.head.size
        if limit is not None:
            end = min(end, from_sequence + limit)
        while at < end:
            with failing(self._folder, "cannot be read", damaged_from=at):
                select = (
                    "SELECT sequence, leaf, parts FROM entry WHERE sequence >= ? AND sequence < ? ORDER BY sequence"
                )
                rows = self._reader.execute(select, (at, min(at + _CHUNK_ROWS, end))).fetchall()
            if not rows:
                raise LedgerDamaged(at, f"entry {at} is missing")
            for row in rows:
                entry = checked_row(row, at)
                if entry.leaf_hash != self.tree.leaf_hash(at):
                    raise LedgerDamaged(at, "its leaf is not the one that the head covers")
                yield entry
                at += 1

    def erase(self, sequence: int, part_index: int) -> bool:
        """See `Store.erase`. Afterwards no file of the folder holds the part; backups and exports made before do.

        Another process that reads the ledger meanwhile keeps the old bytes in the log: they go once it is done.
        """
        self._check_usable()
        assert 0 <= sequence < self.head.size, sequence
        (entry,) = self.read(sequence, 1)
        part = entry.parts[part_index]
        with self._writing():
            if part is not None:
                row = (parts_bytes(erased(entry, part_index).parts), sequence)
                self._commit("UPDATE entry SET parts = ? WHERE sequence = ?", [row])
                self._erased.append(part)
            self._clean(_PATIENCE_MS)
        return part is not None

    def copy_into(self, database: Path) -> Head:
        """Write the entries that the head covers into a new database, compact and durable; that head."""
        head = self.head
        with failing(self._folder, "cannot be copied"):
            os.close(private(str(database), os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            with contextlib.closing(_connect(self._folder)) as db:
                db.execute("VACUUM INTO ?", (str(database),))
            with contextlib.closing(sqlite3.connect(database)) as copy, copy:
                copy.execute("DELETE FROM entry WHERE sequence >= ?", (head.size,))
            with database.open("rb") as file:
                os.fsync(file.fileno())
        return head

    def hold_reserve(self) -> bool:
        """Set disk space aside for essential entries, where there is room; True when it is held."""
        with open(self._folder / RESERVE, "ab", opener=private) as file:
            try:
                os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)
            except OSError as error:
                if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                    raise
                file.truncate(0)
                return False
        return True

    def release_reserve(self) -> int:
        """Give the reserve back to the disk before an essential entry is written again; the bytes that came free."""
        path = self._folder / RESERVE
        with failing(self._folder, "cannot release its reserve"):
            held = path.stat().st_size
            os.truncate(path, 0)
        return held

    def close(self) -> None:
        """See `Store.close`."""
        with self._opened, contextlib.suppress(sqlite3.Error):  # what was answered is durable already
            if not self._broken:
                self._clean(_PATIENCE_MS)
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def _check_usable(self) -> None:
        if self._broken:
            raise LedgerFailed(f"The ledger in {self._folder} failed before; the node has to be started again.")

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Everything but a full disk breaks the ledger for this process: a failed sync must not be tried again."""
        try:
            with failing(self._folder, "cannot be written"):
                yield
        except LedgerFull:
            raise
        except BaseException:
            self._broken = True
            raise

    def _commit(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(statement, rows)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            if _is_full(error) and self._rolled_back():
                raise LedgerFull(f"The disk of the ledger in {self._folder} is full.") from error
            raise

    def _rolled_back(self) -> bool:
        """Whether the failed group left nothing behind: read back, because an error does not mean "not written"."""
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        (size,) = self._db.execute("SELECT coalesce(max(sequence) + 1, 0) FROM entry").fetchone()
        return bool(size == self.head.size)

    def _checkpoint_when_due(self, added_bytes: int) -> None:
        self._since_checkpoint += added_bytes + _GROUP_BYTES
        if self._since_checkpoint < (_RETRY_BYTES if self._erased else _CHECKPOINT_BYTES):
            return
        try:
            if self._erased:
                self._clean(0)
            else:
                self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error as error:
            if not _is_full(error):
                raise
            return  # the log keeps everything; tried again after the next group
        self._since_checkpoint = 0

    def _clean(self, patience_ms: int) -> None:
        """Empty the log and the file's gaps of erased parts; left for later while another reader holds the log."""
        if not self._truncated(patience_ms):
            return
        if any(_has_residue(self._folder / DATABASE, part) for part in self._erased):
            self._db.execute("VACUUM")
            if not self._truncated(patience_ms):
                return
        self._erased.clear()

    def _truncated(self, patience_ms: int) -> bool:
        """Whether the log could be copied into the database and emptied."""
        (usual_ms,) = self._db.execute("PRAGMA busy_timeout").fetchone()
        self._db.execute(f"PRAGMA busy_timeout = {patience_ms}").fetchone()
        try:
            busy, _, _ = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            self._db.execute(f"PRAGMA busy_timeout = {usual_ms}").fetchone()
        return not busy


def lock_folder(folder: Path) -> int:
    """Make the folder where there is none, and lock it against a second node; the descriptor that holds the lock."""
    if (folder / BACKUP).exists():
        raise LedgerFailed(f"{folder} is a backup; restore it into a new folder, as a new epoch.")
    with failing(folder, "cannot be opened"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(lock)
            raise LedgerFailed(f"Another node holds the data folder {folder}; stop it first.") from error
    return lock


def _connect(folder: Path) -> sqlite3.Connection:
    """A connection for which a commit is durable, to a database that is there."""
    db = sqlite3.connect(folder / DATABASE, isolation_level=None, check_same_thread=False)
    (mode,) = db.execute("PRAGMA journal_mode = WAL").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if mode != "wal" or version != STORE_VERSION:
        db.close()
        raise LedgerFailed(f"The database in {folder} is of another kind (journal {mode}, version {version}).")
    for setting in ("synchronous = FULL", "secure_delete = ON", "wal_autocheckpoint = 0"):
        db.execute(f"PRAGMA {setting}").fetchone()
    return db


def _create(folder: Path) -> None:
    """Make an empty database that is there whole or not at all, whenever the power is cut."""
    making = folder / (DATABASE + ".new")
    for left in folder.glob(making.name + "*"):
        left.unlink()
    os.close(private(str(making), os.O_CREAT | os.O_EXCL | os.O_WRONLY))  # its log and index take on its mode
    with contextlib.closing(sqlite3.connect(making, isolation_level=None)) as db:
        db.execute("CREATE TABLE entry (sequence INTEGER PRIMARY KEY, leaf BLOB NOT NULL, parts BLOB NOT NULL)")
        db.execute(f"PRAGMA user_version = {STORE_VERSION}")
        db.execute("PRAGMA journal_mode = WAL").fetchone()  # last: closing swallows errors of a log with content
    with making.open("rb") as file:
        os.fsync(file.fileno())
    making.rename(folder / DATABASE)
    sync_folder(folder)


def _is_full(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL


def _has_residue(database: Path, part: Part) -> bool:
    """Whether pieces of an erased part still stand in the file, in gaps that moving rows between pages leaves."""
    salted = part.salt + part.content
    pieces = [salted[at : at + _PROBE_BYTES] for at in range(0, len(salted) - _PROBE_BYTES + 1, _PROBE_BYTES)]
    with database.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return any(data.find(piece) >= 0 for piece in pieces[:64])
