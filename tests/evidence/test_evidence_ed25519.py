"""The small Ed25519 that travels: RFC 8032's vectors, and libsodium as the oracle, also for what is bent."""

import random

import pytest
from nacl.signing import SigningKey

from wideberth.evidence.proof import ed25519
from wideberth.evidence.proof.ed25519 import ORDER, SMALL, P, add, holds, read_point
from wideberth.party.identity import signature_holds

VECTORS = (
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
        "655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aee"
        "b00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28d"
        "c027beceea1ec40a",
    ),
)
"""RFC 8032 section 7.1, tests 1 to 3: public key, message, signature."""


@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_published_vectors(key: str, message: str, signature: str) -> None:
    """The vectors of RFC 8032 hold."""
    assert holds(bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature))


def test_every_bit_of_a_signature_counts() -> None:
    """Each bit of key, message and signature, turned: refused, as by libsodium."""
    key = SigningKey(bytes(32))
    message = b"who was told what"
    signature, public = key.sign(message).signature, bytes(key.verify_key)
    assert holds(public, message, signature)
    for whole in (public, message, signature):
        for bit in range(8 * len(whole)):
            bent = bytearray(whole)
            bent[bit // 8] ^= 1 << bit % 8
            case = [bytes(bent) if part is whole else part for part in (public, message, signature)]
            assert holds(*case) is signature_holds(*case) is False, bit


def test_it_agrees_with_libsodium() -> None:
    """Random keys and messages hold; s with the order added, wrong lengths and swapped halves do not."""
    chance = random.Random(11)
    for _ in range(60):
        key = SigningKey(chance.randbytes(32))
        message = chance.randbytes(chance.randrange(200))
        signature, public = key.sign(message).signature, bytes(key.verify_key)
        assert holds(public, message, signature)
        s = int.from_bytes(signature[32:], "little") + ORDER
        more = [signature[:32] + s.to_bytes(32, "little")] if s < 2**256 else []
        for bad in (*more, signature[:63], signature + b"\0", signature[32:] + signature[:32], bytes(64)):
            assert holds(public, message, bad) is signature_holds(public, message, bad) is False


def test_keys_of_small_order_are_refused() -> None:
    """A key of small order signs anything; it, and such an R, are refused, as by libsodium."""
    for y in SMALL:
        for sign in (0, 1):
            point = (y | sign << 255).to_bytes(32, "little")
            for r in (point, (1).to_bytes(32, "little")):
                assert holds(point, b"anything", r + bytes(32)) is False
                assert signature_holds(point, b"anything", r + bytes(32)) is False
    honest = bytes(SigningKey(bytes(32)).verify_key)
    assert not holds(honest, b"", (1).to_bytes(32, "little") + bytes(32))


def test_the_points_of_small_order_are_those() -> None:
    """Eight times each of them is the neutral point."""
    for y in sorted(y for y in SMALL if y < P):
        point = read_point(y.to_bytes(32, "little"))
        assert point is not None, y
        for _ in range(3):
            point = add(point, point)
        assert (point[0] % P, (point[1] - point[2]) % P) == (0, 0)


def test_the_test_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """With another base point no vector holds."""
    monkeypatch.setattr(ed25519, "_B", read_point(bytes(SigningKey(bytes(32)).verify_key)))
    key, message, signature = (bytes.fromhex(text) for text in VECTORS[0])
    assert not holds(key, message, signature)
