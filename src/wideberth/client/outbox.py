"""What a party said while its line was cut: kept in a file, and sent in order once the line is back.

In:  sealed commands that nobody answered.
Out: what became of each, in order; those that are still unanswered stay.
A command keeps its id, so that one which did arrive is not said twice. Past its not_after the node refuses it: then it
was too late, and says so.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from wideberth.client.client import Client, Sealed, Unanswered
from wideberth.client.wire import Answer, Problem


class Outbox:
    """The file of what waits, a line a command."""

    def __init__(self, path: Path) -> None:
        """The file need not exist."""
        self._path = path

    def waiting(self) -> list[Sealed]:
        """What waits, in order; a line that was cut off in writing was never said and is passed over."""
        if not self._path.exists():
            return []
        found = []
        for line in self._path.read_bytes().split(b"\n"):
            try:
                found.append(msgspec.json.decode(line, type=Sealed))
            except msgspec.DecodeError:
                continue
        return found

    def put(self, sealed: Sealed) -> None:
        """Keep one more."""
        with self._path.open("ab") as file:
            file.write(b"\n" + msgspec.json.encode(sealed))
            file.flush()
            os.fsync(file.fileno())

    def send(self, client: Client) -> Iterator[tuple[Sealed, Answer | Problem]]:
        """Send what waits until the line is cut again; each answer as it comes."""
        left = self.waiting()
        while left:
            try:
                answer = client.repeat(left[0])
            except Unanswered:
                return
            sealed = left.pop(0)
            self._write(left)
            yield sealed, answer

    def _write(self, left: list[Sealed]) -> None:
        new = self._path.with_suffix(".new")
        new.write_bytes(b"".join(b"\n" + msgspec.json.encode(sealed) for sealed in left))
        new.replace(self._path)
        if not left:
            self._path.unlink()
