"""The signed head in a file of its own, apart from the database, so that a database that lost its tail is found out.

In:  notes of at most 512 bytes, each newer than the one before.
Out: the notes that the file holds, after a crash too.
Raises: `OSError` when the disk fails; `LedgerDamaged` when a slot holds neither a note nor nothing.

The file has two slots of 4,096 bytes; a note stands at the start of its slot, zeroes after it. Notes are written to the
slots in turn and synced in place, which costs one sync and never touches the note before. A note fits the first
sector of its slot (512 bytes), which a disk writes whole or not at all: a slot that is neither is damage, not a crash.
"""

import os
from pathlib import Path
from typing import Final

from wideberth.ledger.store import LedgerDamaged

SLOT_BYTES: Final = 4_096
SECTOR_BYTES: Final = 512
FILE_NAME: Final = "head"


class HeadFile:
    """The open head file of one data folder."""

    def __init__(self, folder: Path, first_note: bytes, newest_slot: int) -> None:
        """Open the file, or make it with its first note in slot 0; `newest_slot` is the one not to write next."""
        path = folder / FILE_NAME
        if not path.exists():
            create_head(folder, first_note)
        self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self._next = 1 - newest_slot

    def write(self, note: bytes) -> None:
        """Make the note durable in the slot that does not hold the newest one."""
        block = _padded(note)[:SECTOR_BYTES]
        written = os.pwrite(self._fd, block, self._next * SLOT_BYTES)
        if written != len(block):
            raise OSError(f"the head file took {written} of {len(block)} bytes")
        os.fdatasync(self._fd)
        self._next ^= 1

    def close(self) -> None:
        """Give up the file."""
        os.close(self._fd)


def create_head(folder: Path, note: bytes) -> None:
    """Make the head file with one note, in slot 0."""
    create_whole(folder / FILE_NAME, _padded(note) + bytes(SLOT_BYTES))


def read_slots(folder: Path) -> list[bytes]:
    """The note of each slot, empty where none was written yet; an empty list when there is no file.

    Raises LedgerDamaged when the file has another size or bytes that no writing leaves behind.
    """
    path = folder / FILE_NAME
    if not path.exists():
        return []
    data = path.read_bytes()
    if len(data) != 2 * SLOT_BYTES:
        raise LedgerDamaged(0, f"the head file has {len(data)} bytes, not {2 * SLOT_BYTES}")
    notes = [data[at : at + SLOT_BYTES].rstrip(b"\x00") for at in (0, SLOT_BYTES)]
    if not any(notes):
        raise LedgerDamaged(0, "the head file is empty")
    if any(len(note) > SECTOR_BYTES for note in notes):
        raise LedgerDamaged(0, "the head file holds bytes outside its slots")
    return notes


def create_whole(path: Path, data: bytes) -> None:
    """Make a file that is there whole and durable, or not at all."""
    temporary = path.with_name(path.name + ".new")
    with open(temporary, "wb", opener=private) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
    sync_folder(path.parent)


def private(path: str, flags: int) -> int:
    """Open a file that only its owner may read where it is made: what a ledger holds is for its own readers."""
    return os.open(path, flags, 0o600)


def sync_folder(folder: Path) -> None:
    """Make the names of a folder durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _padded(note: bytes) -> bytes:
    assert 0 < len(note) <= SECTOR_BYTES, len(note)
    return note.ljust(SLOT_BYTES, b"\x00")
