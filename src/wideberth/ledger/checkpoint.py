"""Signed tree heads: what a node or a witness puts its name to, in the C2SP forms that existing tools read.

In:  origin, size, root and keys; or the bytes of a signed note.
Out: signed notes, cosignature lines, and what was signed by which known key.
Refuses (`Refusal`): notes that are not well formed, that no known key signed, or in which a known key's signature
does not fit (then the whole note is refused).

Sources: c2sp.org/signed-note (text, blank line, signature lines, key id), c2sp.org/tlog-checkpoint (origin, size,
root), c2sp.org/tlog-cosignature (type 0x04, with a timestamp), RFC 8032 (Ed25519).
"""

import base64
import binascii
import re
from collections.abc import Sequence
from enum import IntEnum
from hashlib import sha256
from typing import Final

import msgspec
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from wideberth.limits import NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX
from wideberth.refusal import Reason, Refusal, refuse

_DASH: Final = "— "
_NAME: Final = re.compile(r"[^\s+\x00-\x1f\x7f]+")
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")


class KeyKind(IntEnum):
    """Signature type byte of c2sp.org/signed-note."""

    SIGNED_NOTE = 0x01
    """Ed25519 over the note text; how a node signs."""
    COSIGNATURE = 0x04
    """Ed25519 over a timestamp and the note text; how a witness cosigns."""


class Checkpoint(msgspec.Struct, frozen=True):
    """A tree head: the origin's tree of `size` leaves has this root. `extensions` are lines that others may add."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The note text, final newline included (c2sp.org/tlog-checkpoint)."""
        lines = (self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extensions)
        return "".join(f"{line}\n" for line in lines)


class Verifier(msgspec.Struct, frozen=True):
    """A key that is known: its name, its 32-byte Ed25519 public key, and the type of signature it makes."""

    name: str
    public_key: bytes
    kind: KeyKind = KeyKind.SIGNED_NOTE

    @property
    def key_id(self) -> bytes:
        """First 4 bytes of SHA-256(name || 0x0A || type || public key)."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public_key).digest()[:4]


class Signature(msgspec.Struct, frozen=True):
    """A signature line as it stands in a note, not yet verified."""

    name: str
    key_id: bytes
    value: bytes


class Note(msgspec.Struct, frozen=True):
    """A signed note that is well formed; nothing in it is verified yet."""

    checkpoint: Checkpoint
    signatures: tuple[Signature, ...]


class Signed(msgspec.Struct, frozen=True):
    """A known key's signature that fits. `time_s` is the witness's time (s since 1970), None on plain signatures."""

    by: Verifier
    time_s: int | None


class Verified(msgspec.Struct, frozen=True):
    """A checkpoint and the known keys that signed it, in the order of the note; at least one."""

    checkpoint: Checkpoint
    signed: tuple[Signed, ...]


class Signer:
    """A node's key for one origin; makes the notes and the verifier that knows them."""

    def __init__(self, origin: str, key: SigningKey) -> None:
        """The key's name in notes is the origin, as c2sp.org/tlog-checkpoint asks."""
        assert is_name(origin), origin
        self.verifier = Verifier(origin, bytes(key.verify_key))
        self._key = key

    @property
    def origin(self) -> str:
        """The origin that the notes name."""
        return self.verifier.name

    def note(self, size: int, root: bytes) -> bytes:
        """The signed checkpoint of this size and root. Ed25519 is deterministic: the same head gives the same bytes."""
        return sign(Checkpoint(self.origin, size, root), self.verifier, self._key)


def origin_of(theatre: str, epoch: int) -> str:
    """wideberth/<theatre>/<epoch>; epochs count from 1, the theatre's name has no space, plus or slash."""
    assert is_name(theatre), theatre
    assert "/" not in theatre, theatre
    assert epoch >= 1, epoch
    return f"wideberth/{theatre}/{epoch}"


def is_name(name: str) -> bool:
    """Whether a note may carry this as a key's name: not empty, no space, no plus, no control character."""
    return _NAME.fullmatch(name) is not None


def sign(checkpoint: Checkpoint, verifier: Verifier, key: SigningKey) -> bytes:
    """A note with one signature of type 0x01."""
    assert verifier.kind is KeyKind.SIGNED_NOTE, verifier.kind
    assert bytes(key.verify_key) == verifier.public_key, "the key is not the verifier's"
    text = checkpoint.text
    return f"{text}\n{_line(verifier, key.sign(text.encode()).signature)}".encode()


def cosign(note: bytes, checkpoint: Checkpoint, verifier: Verifier, key: SigningKey, time_s: int) -> bytes:
    """The note with a witness's line (type 0x04, s since 1970) added; the witness has checked consistency before."""
    assert verifier.kind is KeyKind.COSIGNATURE, verifier.kind
    assert bytes(key.verify_key) == verifier.public_key, "the key is not the verifier's"
    signature = key.sign(_cosigned(checkpoint, time_s)).signature
    return note + _line(verifier, time_s.to_bytes(8, "big") + signature).encode()


def read_note(note: bytes) -> Note | Refusal:
    """The note's checkpoint and signature lines, when it is well formed; nothing is verified."""
    if len(note) > NOTE_BYTES_MAX:
        return refuse(Reason.TOO_LARGE, "note", f"a note has at most {NOTE_BYTES_MAX} bytes", len(note))
    try:
        text = note.decode()
    except UnicodeDecodeError:
        return _malformed("a note is UTF-8", note[:80].hex())
    if any(ord(character) < 0x20 and character != "\n" for character in text):
        return _malformed("a note has no control characters", text)
    head, blank, tail = text.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        return _malformed("a note is a text, a blank line and signature lines", text)
    checkpoint = _read_text(head)
    if isinstance(checkpoint, Refusal):
        return checkpoint
    lines = tail[:-1].split("\n")
    if len(lines) > NOTE_SIGNATURES_MAX:
        return refuse(Reason.TOO_LARGE, "note", f"a note has at most {NOTE_SIGNATURES_MAX} signatures", len(lines))
    signatures = [_read_line(line) for line in lines]
    for signature in signatures:
        if isinstance(signature, Refusal):
            return signature
    return Note(checkpoint, tuple(s for s in signatures if isinstance(s, Signature)))


def verify_note(note: bytes, known: Sequence[Verifier]) -> Verified | Refusal:
    """What known keys signed. Lines of unknown keys are passed over; a known key's misfit refuses the whole note."""
    read = read_note(note)
    if isinstance(read, Refusal):
        return read
    by_id = {(verifier.name, verifier.key_id): verifier for verifier in known}
    signed: dict[Verifier, Signed] = {}
    for line in read.signatures:
        verifier = by_id.get((line.name, line.key_id))
        if verifier is None:
            continue
        checked = _check(read.checkpoint, verifier, line.value)
        if checked is None:
            return refuse(Reason.BAD_SIGNATURE, "note", f"the signature of {verifier.name} fits the text", line.name)
        signed.setdefault(verifier, checked)
    if not signed:
        names = ", ".join(sorted({verifier.name for verifier in known})) or "none"
        return refuse(Reason.UNKNOWN_KEY, "note", f"a known key signed it (known: {names})", read.checkpoint.origin)
    return Verified(read.checkpoint, tuple(signed.values()))


def verifier_text(verifier: Verifier) -> str:
    """The key as <name>+<key id in hex>+<base64(type || public key)>, the text form of c2sp.org/signed-note."""
    encoded = base64.b64encode(bytes([verifier.kind]) + verifier.public_key).decode()
    return f"{verifier.name}+{verifier.key_id.hex()}+{encoded}"


def read_verifier(text: str) -> Verifier | Refusal:
    """The key behind `verifier_text`."""
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    key = _unbase64(encoded)
    if key is None or len(key) != 33 or not is_name(name) or key[0] not in list(KeyKind):
        return refuse(Reason.MALFORMED, "key", "a key is name+id+base64 of type 1 or 4 and 32 bytes", text)
    verifier = Verifier(name, key[1:], KeyKind(key[0]))
    if verifier.key_id.hex() != key_id:
        return refuse(Reason.MALFORMED, "key", f"the id of this key is {verifier.key_id.hex()}", key_id)
    return verifier


def _cosigned(checkpoint: Checkpoint, time_s: int) -> bytes:
    return f"cosignature/v1\ntime {time_s}\n{checkpoint.text}".encode()


def _line(verifier: Verifier, value: bytes) -> str:
    return f"{_DASH}{verifier.name} {base64.b64encode(verifier.key_id + value).decode()}\n"


def _check(checkpoint: Checkpoint, verifier: Verifier, value: bytes) -> Signed | None:
    message, time_s, signature = checkpoint.text.encode(), None, value
    if verifier.kind is KeyKind.COSIGNATURE:
        time_s, signature = int.from_bytes(value[:8], "big"), value[8:]
        message = _cosigned(checkpoint, time_s)
    if len(signature) != 64 or (time_s or 0) >= 2**63:
        return None
    try:
        VerifyKey(verifier.public_key).verify(message, signature)
    except BadSignatureError:
        return None
    return Signed(verifier, time_s)


def _read_text(head: str) -> Checkpoint | Refusal:
    origin, *rest = head.split("\n")
    if not origin or len(rest) < 2 or not all(rest):
        return _malformed("a checkpoint has an origin, a size, a root, and no empty line", head)
    size, encoded, *extensions = rest
    root = _unbase64(encoded)
    if not _SIZE.fullmatch(size) or int(size) >= 2**63:
        return _malformed("a size is a decimal number without leading zeroes, below 2^63", size)
    if root is None or len(root) != 32:
        return _malformed("a root is the base64 of 32 bytes", encoded)
    return Checkpoint(origin, int(size), root, tuple(extensions))


def _read_line(line: str) -> Signature | Refusal:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    value = _unbase64(encoded)
    if not line.startswith(_DASH) or not space or not is_name(name) or value is None or len(value) < 5:
        return _malformed("a signature line is an em dash, a name, and base64 of key id and signature", line)
    return Signature(name, value[:4], value[4:])


def _unbase64(text: str) -> bytes | None:
    """The bytes, when the text is their one canonical standard base64 form."""
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return value if base64.b64encode(value).decode() == text else None


def _malformed(limit: str, received: object) -> Refusal:
    return refuse(Reason.MALFORMED, "note", limit, received)
