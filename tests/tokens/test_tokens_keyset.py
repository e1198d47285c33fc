"""The issuer's keys: which files and key sets are taken."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from tokens_kit import b64, certificate, issuer, private_key, private_pem

from wideberth.limits import ISSUER_KEYS_MAX
from wideberth.refusal import Reason, Refusal
from wideberth.tokens.keyset import read_jwks, read_pem

RSA = issuer().jwks()["keys"][0]


def pem_of(key: Any) -> bytes:
    """A public key as PEM."""
    return bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def thumbs(found: Any) -> list[str]:
    """Thumbprints of keys that were taken."""
    assert not isinstance(found, Refusal), found.sentence()
    return [key.thumbprint for key in found]


def test_public_keys_and_certificates_are_taken_from_one_file() -> None:
    """Both PEM forms of a public key, and a certificate whatever its dates; text between them is nothing."""
    old = private_key(1).public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1)
    file = b"# keys\n" + issuer(0).public_pem + b"\nnext:\n" + old + certificate(0)
    found = read_pem(file, "file")
    assert thumbs(found) == [issuer(0).kid, issuer(1).kid, issuer(0).kid]
    assert not isinstance(found, Refusal)
    assert {key.kid for key in found} == {None}
    assert {key.signature_bytes for key in found} == {256}


@pytest.mark.parametrize(
    ("file", "word"),
    [
        (b"", "none in it"),
        (b"\xff\x00", "none in it"),
        (b"-----BEGIN PUBLIC KEY-----\n", "none in it"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "can be read"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "can be read"),
        (b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n", "can be read"),
        (private_pem(), "private"),
        (issuer().public_pem + private_pem(), "private"),
        (pem_of(ec.generate_private_key(ec.SECP256R1()).public_key()), "RSA"),
        (pem_of(ed25519.Ed25519PrivateKey.generate().public_key()), "RSA"),
        (pem_of(rsa.generate_private_key(65_537, 1_024).public_key()), "1,024 bits"),
        (pem_of(rsa.RSAPublicNumbers(65_537, (1 << 8_199) + 1).public_key()), "8,200 bits"),
        (
            pem_of(rsa.RSAPublicNumbers((1 << 40) + 1, private_key().public_key().public_numbers().n).public_key()),
            "exponent",
        ),
        (issuer().public_pem * (ISSUER_KEYS_MAX + 1), "at most 16"),
    ],
)
def test_files_without_a_fit_key_are_refused(file: bytes, word: str) -> None:
    """Nothing, garbage, private keys, other kinds of key, keys too weak, too long, too many: each is named."""
    no = read_pem(file, "file")
    assert isinstance(no, Refusal)
    assert word in no.sentence()


def test_a_key_set_gives_its_rsa_keys_with_their_names() -> None:
    """What is for something else is passed over; a key need not say what it is for, nor have a name."""
    bare = {name: issuer(1).jwks()["keys"][0][name] for name in ("kty", "n", "e")}
    others: list[Any] = [
        {"kty": "EC", "crv": "P-256", "x": "a", "y": "b"},
        {"kty": "oct", "k": "aaaa"},
        RSA | {"use": "enc"},
        RSA | {"alg": "RS512"},
        RSA | {"key_ops": ["sign"]},
        RSA | {"n": "AQAB"},
        RSA | {"n": b64(b"\xff" * 4_000)},
        RSA | {"n": "a b"},
        RSA | {"n": RSA["n"] + "=="},
        RSA | {"e": ""},
        RSA | {"e": "AA"},
        RSA | {"e": b64(b"\x01" * 32)},
        RSA | {"d": "AQAB"},
        RSA | {"kid": 5},
        RSA | {"kid": "x" * 1_000},
        5,
        [],
    ]
    found = read_jwks(json.dumps({"keys": [*others, RSA, bare], "more": 1}).encode(), "set")
    assert thumbs(found) == [issuer(0).kid, issuer(1).kid]
    assert not isinstance(found, Refusal)
    assert [key.kid for key in found] == [issuer(0).kid, None]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"\xff",
        b"[]",
        b"{}",
        b'{"keys": 5}',
        b'{"keys": []}',
        b'{"keys": [{}, 5]}',
        b"[" * 50_000,
        b'{"keys":' + b"[" * 50_000,
        json.dumps({"keys": [RSA | {"use": "enc"}]}).encode(),
        json.dumps({"keys": [RSA] * (ISSUER_KEYS_MAX + 1)}).encode(),
    ],
)
def test_what_is_no_key_set_is_refused(body: bytes) -> None:
    """Other documents, sets without a key that can be used, and sets with too many."""
    no = read_jwks(body, "set")
    assert isinstance(no, Refusal)
    assert no.reason in (Reason.MALFORMED, Reason.TOO_LARGE)


@settings(max_examples=150, deadline=None)
@given(
    row=st.dictionaries(
        st.sampled_from(["kty", "n", "e", "kid", "use", "alg", "key_ops"]),
        st.none() | st.integers() | st.text(max_size=12) | st.lists(st.text(max_size=6), max_size=3) | st.just("RSA"),
    )
)
def test_any_row_is_taken_or_passed_over(row: dict[str, Any]) -> None:
    """Whatever stands in a row, the set is read; a fit key beside it is found."""
    found = read_jwks(json.dumps({"keys": [RSA | row, RSA]}).encode(), "set")
    assert issuer(0).kid in thumbs(found)


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=80), at=st.integers(0, 400))
def test_any_bytes_in_a_file_are_taken_or_refused(data: bytes, at: int) -> None:
    """A file that something was written into gives a refusal or keys, and raises nothing."""
    pem = issuer().public_pem
    found = read_pem(pem[:at] + data + pem[at:], "file")
    assert isinstance(found, Refusal) or {key.rsa.raw_value.key_size >= 2_048 for key in found} == {True}
