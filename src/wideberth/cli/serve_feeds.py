"""What `serve` says of its feeds at the start: that the live watch is compiled, and feeds of parties that are none.

In:  the feeds' file, the data folder as it lies there; what numba compiles.
Out: lines beside the result.
Refuses nothing: what cannot be read here is the node's to refuse.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from numba.core import event

from wideberth.cli.out import say_error
from wideberth.feeds.settings import read_feeds
from wideberth.ledger.store import LedgerDamaged
from wideberth.ledger.stored import DATABASE, checked_row
from wideberth.party.command import Accept, Genesis, Leave
from wideberth.refusal import Refusal
from wideberth.sequencer import content_of, envelope_of
from wideberth.theatre.outcome import Accepted, decode_decision

COMPILING: Final = "Compiling the live watch: a minute or two, on the first start of a version only."
DECIDING: Final = "Compiling what deciding needs: a minute or two, on the first start of a version only."
LONG_S: Final = 3.0
WATCH: Final = "wideberth.watch."
_KIND: Final = "numba:compile"
_MEMBERS: Final = (
    "SELECT sequence, leaf, parts FROM entry WHERE sequence = 0 OR instr(parts, CAST('accept' AS BLOB)) > 0 "
    "OR instr(parts, CAST('leave' AS BLOB)) > 0 ORDER BY sequence"
)


class _Compiling:
    """Hears of what numba compiles, not of what it loads: first what deciding needs, then the watch, each with its own
    clock. What the watch calls of other rooms counts as the watch."""

    def __init__(self, after_s: float) -> None:
        self._after_s, self._part = after_s, ""
        self._timer: threading.Timer | None = None

    def notify(self, heard: Any) -> None:
        """As numba calls it."""
        module = getattr(getattr(heard.data["dispatcher"], "py_func", None), "__module__", "")
        part = COMPILING if module.startswith(WATCH) else DECIDING
        if not heard.is_start or self._part in (part, COMPILING):
            return
        self.end()
        self._part, self._timer = part, threading.Timer(self._after_s, say_error, (part,))
        self._timer.daemon = True
        self._timer.start()

    def end(self) -> None:
        """It is over, however it went."""
        if self._timer is not None:
            self._timer.cancel()


event.Listener.register(_Compiling)
_REGISTER: Final[Callable[[str, object], None]] = event.register
_UNREGISTER: Final[Callable[[str, object], None]] = event.unregister


@contextmanager
def telling_of_compiling(after_s: float = LONG_S) -> Iterator[None]:
    """Say so where compiling a part takes longer, until the context ends."""
    compiling = _Compiling(after_s)
    _REGISTER(_KIND, compiling)
    try:
        yield
    finally:
        _UNREGISTER(_KIND, compiling)
        compiling.end()


def feeds_of_nobody(path: Path, folder: Path) -> list[tuple[str, str]]:
    """Feeds whose party is no member of the theatre in a folder, with that party."""
    try:
        feeds = read_feeds(path.read_bytes())
    except OSError:
        return []
    named = [] if isinstance(feeds, Refusal) else [(feed.name, feed.party) for feed in feeds if feed.party]
    members = members_of(folder) if named else None
    return [] if members is None else [(feed, party) for feed, party in named if party not in members]


def members_of(folder: Path) -> set[str] | None:
    """The parties that entered a theatre and have not left; None where its ledger cannot be read."""
    members: set[str] = set()
    try:
        with contextlib.closing(sqlite3.connect(f"file:{folder / DATABASE}?mode=ro", uri=True)) as db:
            for found in db.execute(_MEMBERS):
                entry = checked_row(found, found[0])
                envelope = envelope_of(entry)
                if not isinstance(decode_decision(content_of(entry, 1)).outcome, Accepted):
                    continue
                match envelope.command:
                    case Genesis(founders=founders):
                        members |= {founder.party for founder in founders}
                    case Accept():
                        members.add(envelope.party)
                    case Leave():
                        members.discard(envelope.party)
    except (sqlite3.Error, LedgerDamaged, msgspec.MsgspecError):
        return None
    return members
