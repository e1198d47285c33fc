"""`export`, `backup`, `restore`: copies of a ledger, and the way back.

In:  a data folder or a backup; new names for what is made. A folder is read without changing it, also while its node
     runs.
Out: an export file; a backup, read back and checked; a data folder of the next epoch.
Refuses (exit status 2) names that exist; ends with 1 where the source is not sound, 3 where the disk fails.
"""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Annotated, Final, cast

from cyclopts import Parameter
from nacl.signing import SigningKey

from wideberth.cli.ledgers import folder_keys
from wideberth.cli.out import FAILED, FOUND, Stop, figure, say, some, tracked
from wideberth.evidence.given import held, parts_given
from wideberth.keys import new_key, spoken, write_key
from wideberth.ledger.backup import Restored
from wideberth.ledger.backup import restore as restore_ledger
from wideberth.ledger.checkpoint import Signer, origin_of
from wideberth.ledger.entry import Entry
from wideberth.ledger.export import export_given, export_whole
from wideberth.ledger.head import create_head, create_whole, private
from wideberth.ledger.merkle import EMPTY_ROOT, Tree
from wideberth.ledger.sqlite import BACKUP, SqliteLedger
from wideberth.ledger.store import Head, LedgerDamaged, LedgerFailed, Store
from wideberth.ledger.stored import DATABASE, Stored
from wideberth.node.opening import NODE_KEY
from wideberth.party.command import NewEpoch
from wideberth.sequencer import Sequencer
from wideberth.theatre.record import replay
from wideberth.theatre.state import State

Folder = Annotated[Path, Parameter(help="A data folder or a backup.")]
MARK: Final = b"A backup. Restore it into a new folder, as a new epoch.\n"


class FolderStore:
    """A folder's ledger, read without opening it for writing: what an export needs of a `Store`."""

    def __init__(self, folder: Path) -> None:
        """Check everything in the folder; LedgerDamaged where it is not sound."""
        self._stored = Stored(folder, folder_keys(folder))
        whole, _ = self._stored.check()
        newest = self._stored.heads[-1] if self._stored.heads else None
        self.tree: Tree = whole
        size, root = (newest.size, newest.root) if newest is not None else (0, EMPTY_ROOT)
        self.head = Head(size, root, self._stored.note)

    party = ""
    """It is the whole ledger."""

    def proof(self, sequence: int) -> tuple[bytes, ...]:
        """The inclusion proof of an entry."""
        return self.tree.inclusion_proof(sequence, self.head.size)

    def read(self, from_sequence: int = 0, limit: int | None = None) -> Iterator[Entry]:
        """See `Store.read`."""
        end = self.head.size if limit is None else min(self.head.size, from_sequence + limit)
        for entry in self._stored.entries():
            if entry.sequence >= end:
                return
            if entry.sequence >= from_sequence:
                yield entry


def export(
    folder: Folder,
    file: Annotated[Path, Parameter(help="The file to make.")],
    *,
    party: Annotated[str, Parameter(help="Only what this party was given.")] = "",
) -> int:
    """Write a ledger into one file that anybody can verify: the whole of it, or what one party was given.

    Example: wideberth export /var/lib/wideberth has.wb --party HAS
    """
    if file.exists():
        raise Stop(f"{file} exists; name a new file.")
    store = read_folder(folder)
    source = cast(Store, store)
    texts: set[bytes] = set()
    if party:
        found = held(party, tracked(store.read(), "reading", store.head.size))
        texts = found.commitments()
        if not found.occurs:
            raise Stop(f"{party} neither spoke nor was told anything in this ledger. Is the name right?")
    fresh = file.with_name(file.name + ".new")
    try:
        with open(fresh, "xb", opener=private) as out:
            if party:
                count = export_given(source, out, party, lambda entry: parts_given(entry, party, texts))
            else:
                count = export_whole(source, out)
            out.flush()
            os.fsync(out.fileno())
        fresh.rename(file)
    finally:
        fresh.unlink(missing_ok=True)
    whose = f"given to {party}" if party else f"of {folder_keys(folder)[-1].name}"
    say(f"{file}: {some(count, 'entry', 'entries')} {whose}, {figure(file.stat().st_size)} bytes.")
    say(f"Check it with: wideberth verify {file}")
    return 0


def backup(folder: Folder, target: Annotated[Path, Parameter(help="The folder to make.")]) -> int:
    """Copy a ledger into a new folder, also while its node runs, then read the copy back and check it.

    A backup is restored as a new epoch; it does not open as the ledger itself. It holds no node key.

    Example: wideberth backup /var/lib/wideberth /backup/2026-11-22
    """
    known = folder_keys(folder)
    if target.exists():
        raise Stop(f"{target} exists; a backup goes into a new folder.")
    try:
        note = Stored(folder, known).note
        target.mkdir(mode=0o700, parents=True)
        create_whole(target / BACKUP, MARK)
        os.close(private(str(target / DATABASE), os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        with closing(sqlite3.connect(f"file:{folder / DATABASE}?mode=ro", uri=True)) as db:
            db.execute("VACUUM INTO ?", (str(target / DATABASE),))
        create_head(target, note)
        tree, _ = Stored(target, known).check()
    except LedgerDamaged as damage:
        raise Stop(f"{folder}: {damage} See: wideberth verify {folder}", FOUND) from damage
    except (sqlite3.Error, LedgerFailed) as error:
        raise Stop(f"{target}: the backup failed: {error}", FAILED) from error
    say(f"{target}: a backup of {some(tree.size, 'entry', 'entries')}, read back and checked.")
    return 0


def restore(
    source: Annotated[Path, Parameter(help="A backup, or what is left of a data folder.")],
    folder: Annotated[Path, Parameter(help="The data folder to make.")],
    *,
    keep: Annotated[int | None, Parameter(help="Take only so many entries: what stands before a damaged one.")] = None,
) -> int:
    """Restore a ledger into a new folder as its next epoch, with a new node key.

    Entries that the old head counts and the source has lost are named. Tell every party the new node key: their clients
    raise an alarm until they are told.

    Example: wideberth restore /backup/2026-11-22 /var/lib/wideberth-2
    """
    known = folder_keys(source)
    theatre, epoch = _theatre(source), len(known) + 1
    key = new_key("node", "", f"epoch {epoch}")
    signer = Signer(origin_of(theatre, epoch), SigningKey(key.seed))
    try:
        restored = restore_ledger(source, folder, signer, known, keep)
        write_key(folder / NODE_KEY, key)
        _open_epoch(folder, signer, key.seed, epoch, restored)
    except LedgerDamaged as damage:
        hint = f"Save what stands before it with --keep {damage.sequence}." if damage.sequence else ""
        raise Stop(f"{source}: {damage} {hint}".rstrip(), FOUND) from damage
    except LedgerFailed as error:
        raise Stop(str(error), FAILED) from error
    say(f"{folder}: {some(restored.size, 'entry', 'entries')} restored as {signer.origin}.")
    if restored.lost:
        say(f"LOST: {some(restored.lost, 'entry', 'entries')} that the old head counts. Ask the parties for theirs.")
    say(f"node key {spoken(key.public)}")
    return 0


def _open_epoch(folder: Path, signer: Signer, seed: bytes, epoch: int, restored: Restored) -> None:
    state = State()
    ledger = SqliteLedger(folder, signer, each=lambda entry: replay(state, entry))
    try:
        sequencer = Sequencer(ledger, seed, os.urandom, state)
        command = NewEpoch(epoch, restored.before.origin, restored.size, restored.root, signer.verifier.public_key)
        sequencer.say(command, time.time_ns() // 1_000)
    finally:
        ledger.close()


def _theatre(folder: Path) -> str:
    return folder_keys(folder)[0].name.split("/")[1]


def read_folder(folder: Path) -> FolderStore:
    """A folder's ledger, checked; the command stops where it is not sound."""
    try:
        return FolderStore(folder)
    except LedgerDamaged as damage:
        raise Stop(f"{folder}: {damage} See: wideberth verify {folder}", FOUND) from damage
