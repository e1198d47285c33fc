"""The file of entries: the frame, the leaf of each, its parts, its proof. Nothing is looked into further here.

In:  a binary file ("wideberth/export/1", described in the page on the ledger's format).
Out: the note, for whom it was made, and `Given` entries one by one.
Raises `Unreadable` where the file stops being one.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any, BinaryIO, NamedTuple

from .packed import Unreadable, unpack

MAGIC = b"wideberth/export/1\n"
RECORD_BYTES_MAX = 67_108_864
TIME_US_MAX = 4_102_444_800_000_000


class Given(NamedTuple):
    """An entry: where and when, its leaf, commitments, parts (None where not shown), inclusion proof."""

    sequence: int
    time_us: int
    leaf: bytes
    commitments: list[bytes]
    parts: list[list[bytes] | None]
    proof: list[bytes]


class Entries:
    """The file while it is read; `note` and `party` are there at once."""

    def __init__(self, file: BinaryIO) -> None:
        """Read the first record."""
        self._file, self._digest = file, sha256()
        if self._take(len(MAGIC)) != MAGIC:
            raise Unreadable("the entries do not begin with their name")
        head = self._record()
        if not _is(head, "head", (bytes, str)):
            raise Unreadable("the entries do not begin with a head")
        self.note: bytes = head[1]
        self.party: str = head[2]

    def _take(self, count: int) -> bytes:
        data = self._file.read(count)
        if len(data) != count:
            raise Unreadable("the entries are cut")
        self._digest.update(data)
        return data

    def _record(self) -> Any:
        count = int.from_bytes(self._take(4), "big")
        if count > RECORD_BYTES_MAX:
            raise Unreadable("a record of the entries is too long")
        return unpack(self._take(count))

    def __iter__(self) -> Iterator[Given]:
        """The entries in order; what follows the last must be the end."""
        count = 0
        while True:
            before = self._digest.digest()
            record = self._record()
            if _is(record, "end", (int, bytes)):
                break
            if not _is(record, "entry", (bytes, list, list)):
                raise Unreadable("a record is no entry")
            yield _given(record[1], record[2], record[3])
            count += 1
        if record[1:] != [count, before]:
            raise Unreadable("the end of the entries does not fit what stands before it")
        if self._file.read(1):
            raise Unreadable("the entries go on after their end")


def _is(record: Any, tag: str, kinds: tuple[type, ...]) -> bool:
    if not isinstance(record, list) or len(record) != 1 + len(kinds) or record[0] != tag:
        return False
    return all(type(value) is kind for value, kind in zip(record[1:], kinds))  # noqa: B905  of one length


def _given(leaf: bytes, parts: list[Any], proof: list[Any]) -> Given:
    read = unpack(leaf)
    if not isinstance(read, list) or len(read) != 4 or read[0] != 1 or not isinstance(read[3], list):
        raise Unreadable("a leaf is not [1, sequence, time, commitments]")
    _, sequence, time_us, commitments = read
    if type(sequence) is not int or type(time_us) is not int or not 0 <= time_us <= TIME_US_MAX:
        raise Unreadable("a leaf has no sequence and time")
    hashes = [*commitments, *proof]
    if len(commitments) < 2 or any(type(value) is not bytes or len(value) != 32 for value in hashes):
        raise Unreadable("a commitment or a step of a proof is no hash")
    if leaf_bytes(sequence, time_us, commitments) != leaf:
        raise Unreadable("a leaf is not in canonical form")
    for part in parts:
        good = isinstance(part, list) and len(part) == 2 and all(type(value) is bytes for value in part)
        if part is not None and not (good and len(part[0]) == 32):
            raise Unreadable("a part is not salt and content")
    return Given(sequence, time_us, leaf, commitments, parts, proof)


def leaf_bytes(sequence: int, time_us: int, commitments: list[bytes]) -> bytes:
    """The canonical form of a leaf."""
    count = len(commitments)
    head = bytes([0x90 + count]) if count < 16 else b"\xdc" + count.to_bytes(2, "big") if count < 65_536 else b""
    return b"\x94\x01" + _int(sequence) + _int(time_us) + head + b"".join(b"\xc4\x20" + c for c in commitments)


def _int(value: int) -> bytes:
    if value < 0x80:
        return bytes([value])
    width, mark = next(row for row in ((1, 0xCC), (2, 0xCD), (4, 0xCE), (8, 0xCF)) if value < 1 << 8 * row[0])
    return bytes([mark]) + value.to_bytes(width, "big")
