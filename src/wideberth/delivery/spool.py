"""What a node has handed over, beside its ledger: so that a restart hands nothing over again, and tells of all.

In:  ids of jobs that were handed over, what is to be told of them, routes that failed today.
Out: the same after a restart; a file of lines, each whole or passed over.
What is owed is found in the state, so the file may be lost: then some things go out twice, under the same ids.
"""

import os
from collections.abc import Container
from pathlib import Path
from typing import Final

import msgspec
import structlog

from wideberth.party.hotline import Delivery

FILE: Final = "deliveries"


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line: handed over (`row`: the ledger is to tell of it), told of, or a route's failure of a day."""

    job: bytes = b""
    row: Delivery | None = None
    told: bytes = b""
    route: bytes = b""
    day: int = 0


class Spool:
    """The file of a folder."""

    def __init__(self, folder: Path) -> None:
        """Reads what an earlier run left."""
        self._path = folder / FILE
        self.done: set[bytes] = set()
        self.untold: dict[bytes, Delivery] = {}
        self.failed: dict[bytes, int] = {}
        """By route, the day of the last failure that was told of."""
        for line in self._lines():
            self._take(line)

    def _lines(self) -> list[Line]:
        found = []
        for raw in self._path.read_bytes().split(b"\n") if self._path.exists() else ():
            try:
                found.append(msgspec.json.decode(raw, type=Line))
            except msgspec.DecodeError:
                continue  # an empty line, or one that was cut off: what it said happens again, under the same id
        return found

    def _take(self, line: Line) -> None:
        if line.job:
            self.done.add(line.job)
            if line.row is not None:
                self.untold[line.job] = line.row
        self.untold.pop(line.told, None)
        if line.route:
            self.failed[line.route] = line.day

    def note(self, *lines: Line) -> None:
        """Keep lines; they are on the disk when this returns, unless it takes no more: then in memory alone."""
        for line in lines:
            self._take(line)
        try:
            with self._path.open("ab") as file:
                file.write(b"".join(b"\n" + msgspec.json.encode(line) for line in lines))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            structlog.get_logger("wideberth.delivery").error("deliveries.unkept", sentence=str(error))

    def keep_only(self, wanted: Container[bytes], today: int) -> None:
        """Forget what nothing asks for any more, and write the file anew."""
        self.done = {job for job in self.done if job in wanted or job in self.untold}
        self.failed = {route: day for route, day in self.failed.items() if day >= today}
        lines = [Line(job=job, row=self.untold.get(job)) for job in self.done]
        lines += [Line(route=route, day=day) for route, day in self.failed.items()]
        new = self._path.with_suffix(".new")
        new.write_bytes(b"".join(b"\n" + msgspec.json.encode(line) for line in lines))
        new.replace(self._path)
