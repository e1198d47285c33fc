"""The exercise, played once to its end for all tests of a run that read its ledger."""

import atexit
import json
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple


class Played(NamedTuple):
    """The data folder that is left, what was said of it, and how it ended. Do not change the folder."""

    folder: Path
    figures: dict[str, Any]
    status: int
    errors: str


@cache
def played() -> Played:
    """Play the exercise in a process of its own."""
    place = Path(tempfile.mkdtemp(prefix="wideberth-test-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    words = ["demo", "--once", "--json", "--data", str(place / "sarvel")]
    done = subprocess.run(
        [sys.executable, "-m", "wideberth.cli", *words], capture_output=True, text=True, check=False, timeout=300
    )
    figures = json.loads(done.stdout) if done.returncode == 0 else {}
    return Played(place / "sarvel", figures, done.returncode, done.stderr)
