"""Where compiled code is kept: a folder of its own for every version of the rooms that compile.

In:  nothing; called once, before anything is compiled.
Out: NUMBA_CACHE_DIR is set, unless the operator set it. numba looks only at the file that a function stands in, so
     code that calls changed code would be served stale; the folder's name is a hash of all source that is called so.
An install that cannot be written to keeps its compiled code in the user's cache, else in a folder under the temporary
one that nobody else may enter: what lies there is run.
"""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Final

VARIABLE: Final = "NUMBA_CACHE_DIR"
ROOMS: Final = ("space", "watch", "encounter")


def place_cache() -> None:
    """Choose the folder; without one that can be written to, compile in memory at every start."""
    if os.environ.get(VARIABLE):
        return
    name = f"compiled-{source_hash()}"
    bases = (Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wideberth", _temporary())
    for base in bases:
        if _own(base / name):
            os.environ[VARIABLE] = str(base / name)
            return


def source_hash() -> str:
    """16 hexadecimal digits over the source of the rooms whose compiled code others call."""
    digest = hashlib.sha256()
    for room in ROOMS:
        for path in sorted((Path(__file__).parent / room).glob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _temporary() -> Path:
    return Path(tempfile.gettempdir()) / f"wideberth-{os.getuid()}"


def _own(folder: Path) -> bool:
    """Make a folder that only this user may enter; False where that cannot be."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
    except OSError:
        return False
    return found.st_uid == os.getuid() and not found.st_mode & 0o022 and os.access(folder, os.W_OK)
