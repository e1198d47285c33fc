"""Envelopes: what is signed is what is stored, and nothing else is let in."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wideberth.limits import PARTS_MAX, TEXT_CHARACTERS_MAX
from wideberth.party.command import About, Activity, Disclosure, Domain, Plan, Text, Tick, Volumes
from wideberth.party.envelope import (
    CONTEXT,
    Attachment,
    Envelope,
    check_signatures,
    encode,
    open_envelope,
    open_parts,
    seal,
)
from wideberth.party.identity import public_key, signature_holds
from wideberth.refusal import Reason, Refusal
from wideberth.space.volume import Circle, Volume4D

SEED = bytes(range(32))
KEY = public_key(SEED)
PLAN = Plan(b"o" * 16, 0, 0, 0, Domain.AIR, True, Activity.RELIEF, Disclosure.OPEN, 1)


def envelope(**changes: object) -> Envelope:
    """A good envelope, or one with changes."""
    good = Envelope(CONTEXT, b"g" * 32, "HAS", (KEY,), b"i" * 16, 10**15, (0, b""), PLAN, ())
    return msgspec.structs.replace(good, **changes)


def reason(value: object) -> Reason | None:
    """The reason, if it is a refusal."""
    return value.reason if isinstance(value, Refusal) else None


def test_a_sealed_envelope_opens_and_its_signature_holds() -> None:
    """What was sealed is opened unchanged."""
    signed = seal(envelope(), (SEED,))
    opened = open_envelope(signed.envelope)
    assert opened == envelope()
    assert isinstance(opened, Envelope)
    assert check_signatures(opened, signed.envelope, signed.signatures) is None


def test_every_altered_bit_is_refused() -> None:
    """No single flipped bit of the signed bytes passes: it is malformed or the signature fails."""
    signed = seal(envelope(), (SEED,))
    for at in range(len(signed.envelope) * 8):
        data = bytearray(signed.envelope)
        data[at // 8] ^= 1 << at % 8
        opened = open_envelope(bytes(data))
        if isinstance(opened, Envelope):
            assert reason(check_signatures(opened, bytes(data), signed.signatures)) is Reason.BAD_SIGNATURE


def test_other_encodings_of_the_same_value_are_refused() -> None:
    """Canonical means one byte string a value: a longer integer form is not the same envelope."""
    data = encode(envelope(not_after_us=5))
    longer = data.replace(b"\x05", b"\xcc\x05", 1)
    assert longer != data
    assert reason(open_envelope(longer)) in {Reason.NOT_CANONICAL, Reason.MALFORMED}


def test_unknown_fields_are_refused() -> None:
    """A signed input carries nothing that the schema does not know."""
    raw = msgspec.msgpack.decode(encode(envelope()))
    assert reason(open_envelope(encode([*raw, 1]))) is Reason.UNKNOWN_FIELD


@given(st.binary(max_size=300))
def test_any_bytes_give_an_envelope_or_a_refusal(data: bytes) -> None:
    """No input raises."""
    assert isinstance(open_envelope(data), Envelope | Refusal)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"context": "other"}, Reason.MALFORMED),
        ({"keys": ()}, Reason.MALFORMED),
        ({"keys": (KEY, KEY)}, Reason.MALFORMED),
        ({"keys": (b"short",)}, Reason.MALFORMED),
        ({"command_id": b"short"}, Reason.MALFORMED),
        ({"not_after_us": -1}, Reason.OUT_OF_RANGE),
        ({"attached": (bytes(32),) * (PARTS_MAX + 1)}, Reason.TOO_MANY),
    ],
)
def test_the_form_is_checked(change: dict[str, object], expected: Reason) -> None:
    """Each rule of the form has its refusal."""
    assert reason(open_envelope(encode(envelope(**change)))) is expected


def test_signatures_are_one_a_key_and_in_order() -> None:
    """Two keys need two signatures, each its own."""
    other = bytes(32)
    both = envelope(keys=(KEY, public_key(other)))
    signed = seal(both, (SEED, other))
    assert check_signatures(both, signed.envelope, signed.signatures) is None
    assert reason(check_signatures(both, signed.envelope, signed.signatures[::-1])) is Reason.BAD_SIGNATURE
    assert reason(check_signatures(both, signed.envelope, signed.signatures[:1])) is Reason.BAD_SIGNATURE


def test_keys_of_small_order_never_verify() -> None:
    """libsodium refuses the identity point, under which any message could be 'signed'."""
    identity = bytes([1]) + bytes(31)
    assert not signature_holds(identity, b"message", identity + bytes(32))


def part(value: object, salt: bytes = b"s" * 32) -> Attachment:
    """A part as it travels."""
    return Attachment(salt, encode(value))


def test_parts_fit_their_commitments_or_are_refused() -> None:
    """A part is what its commitment says, with its salt, and of a known kind."""
    volumes = part(Volumes((Volume4D(Circle(0, 0, 1000), 0, 1, 0, 1),)))
    about = part(About("HAS-0417"))
    good = envelope(attached=(volumes.commitment(), about.commitment()))
    opened = open_parts(good, (volumes, about))
    assert isinstance(opened, tuple)
    assert [type(value) for value in opened] == [Volumes, About]
    assert reason(open_parts(good, (about, volumes))) is Reason.PARTS_MISMATCH
    assert reason(open_parts(good, (volumes,))) is Reason.PARTS_MISMATCH
    resalted = part(About("HAS-0417"), b"t" * 32)
    assert reason(open_parts(good, (volumes, resalted))) is Reason.PARTS_MISMATCH
    tick = part(Tick())
    assert reason(open_parts(envelope(attached=(tick.commitment(),)), (tick,))) is Reason.MALFORMED


def test_long_text_is_refused() -> None:
    """Free text has a limit, and the refusal names it."""
    text = part(Text("en", "x" * (TEXT_CHARACTERS_MAX + 1)))
    no = open_parts(envelope(attached=(text.commitment(),)), (text,))
    assert reason(no) is Reason.TOO_LARGE
    assert str(TEXT_CHARACTERS_MAX) in no.limit if isinstance(no, Refusal) else False
