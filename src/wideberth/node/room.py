"""Room on the disk of a node's folder.

In:  how many bytes are free, the ledger that holds a reserve. Out: whether the disk is full.
"""

import os
from collections.abc import Callable
from typing import Final

import structlog

from wideberth.ledger.sqlite import SqliteLedger
from wideberth.limits import RESERVE_BYTES, ROOM_BYTES_MIN

ROOM_POLL_US: Final = 1_000_000


def free_bytes(folder: os.PathLike[str]) -> int:
    """Room on the disk of a folder."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


class Room:
    """Looks once a second: on a full disk the reserve is given back, until there is room again."""

    def __init__(self, ledger: SqliteLedger, free: Callable[[], int]) -> None:
        self._ledger, self.free_bytes = ledger, free
        self.full = False
        self._at_us = 0
        self._log = structlog.get_logger()

    def look(self, mono_us: int) -> None:
        """See whether the disk has become full, or has room again."""
        if mono_us < self._at_us:
            return
        self._at_us = mono_us + ROOM_POLL_US
        free = self.free_bytes()
        if not self.full and free < ROOM_BYTES_MIN:
            self.full = True
            self._log.error("disk.full", free_bytes=free, released=self._ledger.release_reserve())
        elif self.full and free >= ROOM_BYTES_MIN + 2 * RESERVE_BYTES:
            self.full = not self._ledger.hold_reserve()
            self._log.info("disk.room", free_bytes=free)
