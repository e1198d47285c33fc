"""Folders in memory for the ledger's tests: what a sync does is tested on the watched disk, not by waiting for it."""

import os
import tempfile
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")
ROOM_BYTES = 500_000_000


def _in_memory():
    if not MEMORY.is_dir() or not os.access(MEMORY, os.W_OK):
        return None
    state = os.statvfs(MEMORY)
    return MEMORY if state.f_bavail * state.f_frsize > ROOM_BYTES else None


@pytest.fixture
def tmp_path():
    """A folder that goes away, in memory where the system has room there."""
    with tempfile.TemporaryDirectory(dir=_in_memory(), prefix="wideberth-") as folder:
        yield Path(folder)


@pytest.fixture(autouse=True)
def _small_reserve(request, monkeypatch):
    """Hundreds of ledgers are opened here; only the test of the reserve needs one of its full size."""
    if "reserve" not in request.node.name:
        monkeypatch.setattr("wideberth.ledger.sqlite.RESERVE_BYTES", 65_536)
