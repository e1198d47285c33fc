"""Signed checkpoints: the text of a note, and which known keys signed it.

In:  the bytes of a note; keys as (name, kind, 32 bytes): kind 1 a node's, kind 4 a witness's.
Out: a `Head` and the names that signed; raises `Unreadable` where the note is not sound.
Sources: c2sp.org/signed-note, c2sp.org/tlog-checkpoint, c2sp.org/tlog-cosignature.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from .ed25519 import holds
from .packed import Unreadable

NODE, WITNESS = 1, 4
NOTE_BYTES_MAX = 65_536
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_NAME = re.compile(r"[^\s+\x00-\x1f\x7f]+")


class Key(NamedTuple):
    """A key that may have signed."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        """The first 4 bytes of SHA-256(name || 0x0A || kind || key)."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]


class Head(NamedTuple):
    """A checkpoint: origin, size and root, and who of the known signed it, witnesses with their time in s."""

    origin: str
    size: int
    root: bytes
    signed: tuple[tuple[Key, int | None], ...]


def unbase64(text: str) -> bytes:
    """The bytes of a canonical base64 text."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unreadable("the note has something else than base64") from error
    if base64.b64encode(data).decode() != text:
        raise Unreadable("the note has base64 in another form")
    return data


def read_key(text: str) -> Key:
    """The key behind name+id+base64."""
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    data = unbase64(encoded)
    if len(data) != 33 or data[0] not in (NODE, WITNESS) or not _NAME.fullmatch(name):
        raise Unreadable("a key is name+id+base64 of kind 1 or 4 and 32 bytes")
    key = Key(name, data[0], data[1:])
    if key.id.hex() != key_id:
        raise Unreadable(f"the id of the key {name} does not fit it")
    return key


def read_note(note: bytes, keys: Sequence[Key]) -> Head:
    """The checkpoint, when at least one key signed it and no known key's signature is wrong."""
    try:
        text = note.decode()
    except UnicodeDecodeError as error:
        raise Unreadable("the note is not UTF-8") from error
    if len(note) > NOTE_BYTES_MAX or any(ord(c) < 32 and c != "\n" for c in text):
        raise Unreadable("the note has control characters, or is too long")
    head, blank, tail = text.rpartition("\n\n")
    lines = head.split("\n")
    if not blank or not tail.endswith("\n") or len(lines) < 3 or not all(lines) or not _SIZE.fullmatch(lines[1]):
        raise Unreadable("the note is not a text, a blank line and signature lines")
    root = unbase64(lines[2])
    if len(root) != 32:
        raise Unreadable("the note's root has not 32 bytes")
    by_id = {(key.name, key.id): key for key in keys}
    signed: dict[Key, int | None] = {}
    for line in tail[:-1].split("\n"):
        key, time_s = _signature(line, by_id, head + "\n")
        if key is not None:
            signed.setdefault(key, time_s)
    if not signed:
        raise Unreadable("no known key signed the note")
    return Head(lines[0], int(lines[1]), root, tuple(signed.items()))


def _signature(line: str, by_id: dict[tuple[str, bytes], Key], text: str) -> tuple[Key | None, int | None]:
    name, space, encoded = line[2:].partition(" ")
    value = unbase64(encoded) if space else b""
    if line[:2] != "— " or len(value) < 5 or not _NAME.fullmatch(name):
        raise Unreadable("a line of the note is not a signature")
    key = by_id.get((name, value[:4]))
    if key is None:
        return None, None
    message, signature, time_s = text.encode(), value[4:], None
    if key.kind == WITNESS:
        time_s, signature = int.from_bytes(value[4:12], "big"), value[12:]
        message = f"cosignature/v1\ntime {time_s}\n".encode() + message
    if (time_s or 0) >= 2**63 or not holds(key.public, message, signature):
        raise Unreadable(f"the signature of {name} does not fit the note")
    return key, time_s
