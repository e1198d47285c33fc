"""A second copy of the ledger, and the way back: always as a new epoch, so that a fork is never silent.

In:  an open ledger and a new folder; or a folder with a ledger (a backup, or what is left of one) and a new folder.
Out: a backup that was read back and checked; or a ledger under a new origin, and what its first entry has to say.
Raises: `LedgerFailed` when a folder exists or the disk fails, `LedgerDamaged` when the source is not sound.

A node that went on from a backup under its old origin would write other entries at places that clients have seen.
So a backup is marked and does not open as a ledger; `restore` copies entries into a ledger of the next epoch.
"""

import shutil
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from wideberth.ledger.checkpoint import Checkpoint, Signer, Verifier
from wideberth.ledger.head import create_head, create_whole, sync_folder
from wideberth.ledger.sqlite import BACKUP, SqliteLedger
from wideberth.ledger.store import Head, LedgerDamaged, LedgerFailed
from wideberth.ledger.stored import DATABASE, Stored, failing

_GROUP_ENTRIES: Final = 1_000


class Restored(msgspec.Struct, frozen=True):
    """What the first entry of a new epoch states: the old origin's newest signed head, and what was taken over of it.

    `size` entries with this `root` were kept; `lost` of those that the old head counts were not.
    """

    before: Checkpoint
    before_note: bytes
    size: int
    root: bytes
    last_time_us: int

    @property
    def lost(self) -> int:
        """Entries that the old head counts and the new epoch does not have."""
        return max(0, self.before.size - self.size)


def back_up(ledger: SqliteLedger, target: Path, known: Sequence[Verifier]) -> Head:
    """Copy a ledger that is in use into a new folder, then read the copy back and check it; the head it holds."""
    if target.exists():
        raise LedgerFailed(f"{target} exists; a backup goes into a new folder.")
    with failing(target, "cannot be written"):
        target.mkdir(mode=0o700, parents=True)
        create_whole(target / BACKUP, b"A backup. Restore it into a new folder, as a new epoch.\n")
        head = ledger.copy_into(target / DATABASE)
        create_head(target, head.note)
    Stored(target, known).check()
    return head


def restore(
    source: Path, target: Path, signer: Signer, known: Sequence[Verifier], entries_kept: int | None = None
) -> Restored:
    """Copy a checked ledger into a new folder under the signer's origin, which is that of a new epoch.

    `known` are the keys of the old origin. `entries_kept` takes only so many entries over, the way to save what stands
    before a damaged entry; without it the source has to be sound to its end. The new folder appears whole or not at
    all.
    """
    if target.exists():
        raise LedgerFailed(f"{target} exists; a ledger is restored into a new folder.")
    stored = Stored(source, known)
    if not stored.heads:
        raise LedgerDamaged(0, f"there is no signed head in {source}")
    before = stored.heads[-1]
    assert signer.origin != before.origin, "a restored ledger is a new epoch"
    making = target.with_name(target.name + ".restoring")
    if making.exists():
        raise LedgerFailed(f"{making} is left of a restore that did not end; remove it first.")
    if entries_kept is None:
        stored.check()
    try:
        head, last_time_us = _copy(stored, making, signer, entries_kept)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    with failing(target, "cannot be written"):
        making.rename(target)
        sync_folder(target.parent)
    return Restored(before, stored.note, head.size, head.root, last_time_us)


def _copy(stored: Stored, target: Path, signer: Signer, entries_kept: int | None) -> tuple[Head, int]:
    ledger, last_time_us = SqliteLedger(target, signer), -1
    try:
        entries = islice(stored.entries(), entries_kept)
        while group := list(islice(entries, _GROUP_ENTRIES)):
            ledger.append(group, ledger.head.size)
            last_time_us = group[-1].time_us
        for head in stored.heads:
            if head.size <= ledger.head.size and ledger.tree.root(head.size) != head.root:
                raise LedgerDamaged(0, f"the entries are not those of the signed head of {head.size} entries")
        if entries_kept is not None and ledger.head.size < entries_kept:
            raise LedgerDamaged(ledger.head.size, f"{entries_kept} entries were to be kept")
        return ledger.head, last_time_us
    finally:
        ledger.close()
