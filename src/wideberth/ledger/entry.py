"""One entry of the ledger: parts, their commitments, the leaf, and the chain of a party's notices.

In:  sequence, time and parts (salts come as arguments), or bytes that a store or an export holds.
Out: `Entry` values, leaf bytes and hashes, notice contents and heads.
Refuses (`Reason.MALFORMED`): bytes that are not a canonical leaf, a part that does not fit its commitment, bytes that
are not a notice. The format, byte by byte, is in `docs/ledger-format.md`.

Nothing here knows what a part means. The order of the parts of an entry is fixed: 0 envelope, 1 decision, then the
parts that the envelope attaches, at most one derived part, and the notices; the decision says how many of each.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Annotated, Final

import msgspec

from wideberth.limits import TIME_US_MAX, TIME_US_MIN
from wideberth.refusal import Reason, Refusal, refuse

FORMAT_VERSION: Final = 1
"""First element of every leaf. Raised by a charter entry, never silently."""
ENVELOPE: Final = 0
DECISION: Final = 1
NO_HEAD: Final = bytes(32)
"""What number 1 of a notice chain names as the head before it."""

Hash = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Sequence64 = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
TimeUs = Annotated[int, msgspec.Meta(ge=TIME_US_MIN, le=TIME_US_MAX)]


class Part(msgspec.Struct, frozen=True, array_like=True, gc=False, forbid_unknown_fields=True):
    """What an entry commits to: 32 random bytes of salt, and the content."""

    salt: Hash
    content: bytes

    @property
    def commitment(self) -> bytes:
        """SHA-256(salt || content), 32 bytes; the fixed length of the salt keeps the two apart."""
        return sha256(self.salt + self.content).digest()


Parts = tuple[Part | None, ...]
"""The parts of an entry in order; `None` where one is erased or withheld and only its commitment stands."""


class Leaf(msgspec.Struct, frozen=True, array_like=True, gc=False, forbid_unknown_fields=True):
    """What the tree hashes: format version, sequence (from 0), us since 1970 (UTC), commitments of the parts."""

    version: int
    sequence: Sequence64
    time_us: TimeUs
    commitments: Annotated[tuple[Hash, ...], msgspec.Meta(min_length=2)]


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One place in the ledger. `sequence` is the leaf's index in the tree; `leaf` the bytes that the tree hashes."""

    sequence: int
    time_us: int
    leaf: bytes
    parts: Parts

    @property
    def leaf_hash(self) -> bytes:
        """SHA-256(0x00 || leaf), RFC 6962 section 2.1."""
        return sha256(b"\x00" + self.leaf).digest()

    def commitment(self, index: int) -> bytes:
        """Of a part, read off the leaf: a canonical leaf ends with 34 bytes a part, the last 32 its commitment."""
        end = len(self.leaf) - 34 * (len(self.parts) - 1 - index)
        return self.leaf[end - 32 : end]


class Notice(
    msgspec.Struct, frozen=True, array_like=True, tag="wideberth/notice/1", gc=False, forbid_unknown_fields=True
):
    """The content of a notice part: link `number` (from 1) of one party's chain, made in the entry `sequence`."""

    party: str
    number: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
    previous_head: Hash
    sequence: Sequence64
    time_us: TimeUs
    body: bytes


UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError)
"""What decoding raises on bytes that are not what is asked for."""
_encode = msgspec.msgpack.Encoder().encode
_decode_leaf = msgspec.msgpack.Decoder(Leaf).decode
_decode_parts = msgspec.msgpack.Decoder(Parts).decode
_decode_notice = msgspec.msgpack.Decoder(Notice).decode


def leaf_bytes(sequence: int, time_us: int, commitments: Iterable[bytes]) -> bytes:
    """The msgpack array [1, sequence, time_us, [commitment, ...]], shortest forms, commitments as bin 8."""
    return _encode(Leaf(FORMAT_VERSION, sequence, time_us, tuple(commitments)))


def leaf_hash(leaf: bytes) -> bytes:
    """SHA-256(0x00 || leaf), RFC 6962 section 2.1."""
    return sha256(b"\x00" + leaf).digest()


def make_entry(sequence: int, time_us: int, parts: Sequence[Part]) -> Entry:
    """A new entry with all its parts, at least envelope and decision; anything else is a bug."""
    assert sequence >= 0, sequence
    assert TIME_US_MIN <= time_us <= TIME_US_MAX, time_us
    assert len(parts) >= 2, "an entry has an envelope and a decision"
    assert all(len(part.salt) == 32 for part in parts), "a salt has 32 bytes"
    return Entry(sequence, time_us, leaf_bytes(sequence, time_us, [p.commitment for p in parts]), tuple(parts))


def read_leaf(leaf: bytes) -> Leaf | Refusal:
    """The leaf behind the bytes, when they are a canonical leaf of a version that this release knows."""
    try:
        read = _decode_leaf(leaf)
    except UNREADABLE as error:
        return refuse(Reason.MALFORMED, "leaf", f"a leaf is [1, sequence, time_us, commitments] ({error})", leaf.hex())
    if read.version != FORMAT_VERSION:
        return refuse(Reason.MALFORMED, "leaf[0]", f"format version {FORMAT_VERSION} is known", read.version)
    if _encode(read) != leaf:
        return refuse(Reason.MALFORMED, "leaf", "a leaf is in canonical form", leaf.hex())
    return read


def read_entry(leaf: bytes, parts: Parts) -> Entry | Refusal:
    """The entry of a leaf and its parts, when each part that is there fits its commitment."""
    read = read_leaf(leaf)
    if isinstance(read, Refusal):
        return read
    misfit = misfitting_part(read.commitments, parts)
    if misfit is not None:
        limit = "each part fits its commitment in the leaf"
        return refuse(Reason.MALFORMED, f"parts[{misfit}]", limit, f"{len(parts)} parts")
    return Entry(read.sequence, read.time_us, leaf, parts)


def misfitting_part(commitments: tuple[bytes, ...], parts: Parts) -> int | None:
    """Index of the first part that does not fit its commitment (or has none, or is missing); None when all fit."""
    index = 0
    for part, commitment in zip(parts, commitments, strict=False):
        if part is not None and sha256(part.salt + part.content).digest() != commitment:
            return index
        index += 1
    return None if len(parts) == len(commitments) else index


def read_stored(leaf: bytes, stored_parts: bytes) -> Entry | Refusal:
    """The entry of a leaf and of `parts_bytes`, checked like `read_entry`; the quick way over many entries."""
    try:
        read, parts = _decode_leaf(leaf), _decode_parts(stored_parts)
    except UNREADABLE:
        wrong = read_leaf(leaf)
        return wrong if isinstance(wrong, Refusal) else _no_parts(stored_parts)
    if read.version == FORMAT_VERSION and _encode(read) == leaf and misfitting_part(read.commitments, parts) is None:
        return Entry(read.sequence, read.time_us, leaf, parts)
    return read_entry(leaf, parts)


def erased(entry: Entry, part_index: int) -> Entry:
    """The same entry without the salt and content of one part; its leaf, and so its hash, stays."""
    parts = (*entry.parts[:part_index], None, *entry.parts[part_index + 1 :])
    return Entry(entry.sequence, entry.time_us, entry.leaf, parts)


def parts_bytes(parts: Parts) -> bytes:
    """The msgpack array [[salt, content] | nil, ...] in which stores and exports keep the parts."""
    return _encode(parts)


def read_parts(data: bytes) -> Parts | Refusal:
    """The parts behind `parts_bytes`."""
    try:
        return _decode_parts(data)
    except UNREADABLE:
        return _no_parts(data)


def _no_parts(data: bytes) -> Refusal:
    return refuse(Reason.MALFORMED, "parts", "parts are [[salt, content] or nil, ...]", data[:80].hex())


def chain_notice(
    party: str, number: int, previous_head: bytes, sequence: int, time_us: int, body: bytes
) -> tuple[bytes, bytes]:
    """Content and head of a party's next notice: head = SHA-256(content), number from 1, `NO_HEAD` before number 1."""
    assert number >= 1, number
    assert len(previous_head) == 32, "a head has 32 bytes"
    assert number > 1 or previous_head == NO_HEAD, "number 1 follows no head"
    content = _encode(Notice(party, number, previous_head, sequence, time_us, body))
    return content, sha256(content).digest()


def read_notice(content: bytes) -> Notice | Refusal:
    """The notice behind a part's content."""
    try:
        return _decode_notice(content)
    except UNREADABLE as error:
        limit = f"a notice is [tag, party, number, previous_head, sequence, time_us, body] ({error})"
        return refuse(Reason.MALFORMED, "notice", limit, content[:80].hex())
