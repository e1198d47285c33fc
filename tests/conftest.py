"""What all tests share: room on the disk, the folder of the simulation beside this one; English everywhere."""

import os
import shutil
import sys
import tempfile

import pytest

DISK_BYTES = 2_000_000_000
sys.path.append(os.path.join(os.path.dirname(__file__), "sim"))
os.environ["LC_ALL"] = "C.UTF-8"


def pytest_sessionstart(session):
    """A node refuses every write on a full disk, so on one the tests would fail late and tell of something else."""
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if free < DISK_BYTES:
        wanted = f"they want {DISK_BYTES / 1e9:.0f} GB: make room or set TMPDIR"
        pytest.exit(f"{folder} has {free / 1e9:.1f} GB free for the tests and {wanted}", returncode=4)
