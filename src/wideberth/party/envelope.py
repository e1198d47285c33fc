"""The signed bytes of a command.

In:  `open_envelope` takes the bytes and their signatures as they came; `seal` a command and seeds.
Out: an `Envelope` whose bytes are canonical (MessagePack as msgspec writes it, arrays only), or a Refusal.
The signature covers every byte: the context string, the theatre's genesis hash, party, keys, command id, not_after,
the last checkpoint that the party saw, the command, and the commitments of the attached parts. Nothing replays into
another theatre, and hashes always cover the stored bytes. Whether the keys may speak is the theatre's to decide.
"""

import hashlib
from collections.abc import Callable
from typing import Final

import msgspec

from wideberth.limits import ID_BYTES, PARTS_MAX, PLAN_NOTE_CHARACTERS_MAX, ROOT_KEYS_MAX, TEXT_CHARACTERS_MAX
from wideberth.party.command import PART_TYPES, About, Command, Part, Text, Volumes
from wideberth.party.hotline import Stop
from wideberth.party.identity import KEY_BYTES, public_key, sign, signature_holds
from wideberth.party.struct import Struct
from wideberth.refusal import Reason, Refusal, refuse

CONTEXT: Final = "wideberth/command/1"
SALT_BYTES: Final = 32
INT64_MAX: Final = 2**63 - 1


class Envelope(Struct, frozen=True):
    """A command with everything that its signature binds it to."""

    context: str
    genesis: bytes
    party: str
    keys: tuple[bytes, ...]
    command_id: bytes
    not_after_us: int
    seen: tuple[int, bytes]
    """Size and root of the last checkpoint that the party saw; (0, b"") before the first."""
    command: Command
    attached: tuple[bytes, ...] = ()
    """Commitments of the attached parts, SHA-256(salt || content) each."""


class Signed(Struct, frozen=True):
    """An envelope's bytes with a signature a key: the content of an entry's first part."""

    envelope: bytes
    signatures: tuple[bytes, ...]


class Attachment(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A part as it travels: 32 bytes of salt, and the content."""

    salt: bytes
    content: bytes

    def commitment(self) -> bytes:
        """SHA-256(salt || content)."""
        return hashlib.sha256(self.salt + self.content).digest()


_decode_envelope = msgspec.msgpack.Decoder(Envelope, strict=True).decode
_decode_part: Callable[[bytes], Part] = msgspec.msgpack.Decoder(PART_TYPES, strict=True).decode
_encode = msgspec.msgpack.Encoder().encode


def encode(value: object) -> bytes:
    """Canonical bytes of any value of the closed set."""
    return _encode(value)


def command_digest(envelope_bytes: bytes) -> bytes:
    """The SHA-256 by which receipts and repeats know a command."""
    return hashlib.sha256(envelope_bytes).digest()


def decode_envelope(data: bytes) -> Envelope:
    """Decode bytes that were checked at admission (replay)."""
    return _decode_envelope(data)


def open_envelope(data: bytes) -> Envelope | Refusal:
    """Decode and check the form; refuses what is malformed, too large, or not canonical."""
    try:
        envelope = _decode_envelope(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        reason = Reason.UNKNOWN_FIELD if "longer than" in str(error) or "at most" in str(error) else Reason.MALFORMED
        return refuse(reason, "envelope", "a command envelope of format 1", str(error))
    if _encode(envelope) != data:
        limit = "smallest MessagePack forms, no extra fields"
        return refuse(Reason.NOT_CANONICAL, "envelope", limit, f"{len(data)} bytes")
    return _check_form(envelope) or envelope


def _check_form(envelope: Envelope) -> Refusal | None:
    if envelope.context != CONTEXT:
        return refuse(Reason.MALFORMED, "envelope.context", f'"{CONTEXT}"', envelope.context)
    if not 1 <= len(envelope.keys) <= ROOT_KEYS_MAX or len(set(envelope.keys)) != len(envelope.keys):
        return refuse(Reason.MALFORMED, "envelope.keys", f"1 to {ROOT_KEYS_MAX} different keys", len(envelope.keys))
    if any(len(key) != KEY_BYTES for key in envelope.keys):
        return refuse(Reason.MALFORMED, "envelope.keys", "32 bytes each", "another length")
    if len(envelope.command_id) != ID_BYTES:
        return refuse(Reason.MALFORMED, "envelope.command_id", "16 bytes", f"{len(envelope.command_id)} bytes")
    if not 0 <= envelope.not_after_us <= INT64_MAX or not 0 <= envelope.seen[0] <= INT64_MAX:
        return refuse(Reason.OUT_OF_RANGE, "envelope.not_after_us", "a 64-bit time", envelope.not_after_us)
    if len(envelope.attached) > PARTS_MAX:
        return refuse(Reason.TOO_MANY, "envelope.attached", f"at most {PARTS_MAX} parts", len(envelope.attached))
    return None


def check_signatures(envelope: Envelope, data: bytes, signatures: tuple[bytes, ...]) -> Refusal | None:
    """Refuse unless every named key signed exactly these bytes."""
    if len(signatures) != len(envelope.keys):
        limit = "one signature a key"
        return refuse(Reason.BAD_SIGNATURE, "signatures", limit, f"{len(signatures)} for {len(envelope.keys)} keys")
    for i, (key, signature) in enumerate(zip(envelope.keys, signatures, strict=True)):
        if not signature_holds(key, data, signature):
            return refuse(Reason.BAD_SIGNATURE, f"signatures[{i}]", "Ed25519 over the envelope's bytes", key.hex()[:16])
    return None


def open_parts(envelope: Envelope, parts: tuple[Attachment, ...]) -> tuple[Part, ...] | Refusal:
    """Decode the attached parts; refuses any that does not fit its commitment or is not canonical."""
    if len(parts) != len(envelope.attached):
        limit = "one part a commitment"
        return refuse(Reason.PARTS_MISMATCH, "parts", limit, f"{len(parts)} for {len(envelope.attached)}")
    opened: list[Part] = []
    for i, (part, commitment) in enumerate(zip(parts, envelope.attached, strict=True)):
        if len(part.salt) != SALT_BYTES or part.commitment() != commitment:
            return refuse(Reason.PARTS_MISMATCH, f"parts[{i}]", "SHA-256(32-byte salt, content) is its commitment")
        try:
            value = _decode_part(part.content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return refuse(Reason.MALFORMED, f"parts[{i}]", "volumes, about, text or paths", str(error))
        if _encode(value) != part.content:
            return refuse(Reason.NOT_CANONICAL, f"parts[{i}]", "smallest MessagePack forms, no extra fields")
        no = _check_text(value, f"parts[{i}]")
        if no is not None and not isinstance(envelope.command, Stop):  # of which it is left out
            return no
        opened.append(value)
    return tuple(opened)


def decode_volumes(content: bytes) -> Volumes:
    """Decode a volumes part that was checked at admission."""
    value = _decode_part(content)
    assert isinstance(value, Volumes)
    return value


def decode_part(content: bytes) -> Part:
    """Decode any part that was checked at admission."""
    return _decode_part(content)


def _check_text(value: Part, field: str) -> Refusal | None:
    match value:
        case About(label, note, contact):
            texts, most = {"label": label, "note": note, "contact": contact}, PLAN_NOTE_CHARACTERS_MAX
        case Text(language, text):
            texts, most = {"language": language, "text": text}, TEXT_CHARACTERS_MAX
        case _:
            return None
    for name, text in texts.items():
        if len(text) > most:
            limit = f"at most {most} characters"
            return refuse(Reason.TOO_LARGE, f"{field}.{name}", limit, f"{len(text)} characters")
    return None


def seal(envelope: Envelope, seeds: tuple[bytes, ...]) -> Signed:
    """Sign an envelope with the seeds of its keys, in order."""
    assert tuple(public_key(seed) for seed in seeds) == envelope.keys
    data = _encode(envelope)
    return Signed(data, tuple(sign(seed, data) for seed in seeds))
