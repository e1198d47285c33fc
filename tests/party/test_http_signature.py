"""HTTP message signatures: the RFC's own vector, and nothing of a request may change."""

import base64
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wideberth.party.http_signature import (
    COVERED,
    Request,
    Said,
    Signer,
    content_digest,
    jwk,
    key_id,
    signature_base,
    signed_headers,
    verify,
)
from wideberth.party.identity import public_key, sign
from wideberth.refusal import Reason, Refusal

SEED = bytes(range(32))
KEY = public_key(SEED)
URL = "https://desk.example/hook?x=1"
BODY = b'{"id": "7"}'
NOW = 1_800_000_000


def signed(**changes: Any) -> Request:
    """A request that is signed now."""
    signer = Signer(KEY, lambda data: sign(SEED, data))
    given_ = {"delivery": "7", "now_s": NOW, "nonce": "n0nce", **changes}
    return Request("POST", URL, signed_headers(signer, "POST", URL, BODY, **given_), BODY)


def held(request: Request, now_s: float = NOW) -> Said | Refusal:
    """What its reader makes of it."""
    return verify(request, {key_id(KEY): KEY}, now_s)


def test_the_vector_of_the_rfc() -> None:
    """RFC 9421, B.2.6: key, request and signature as printed there; the key's thumbprint as in the RFC's key set."""
    seed = base64.b64decode("MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF")[-32:]
    assert jwk(public_key(seed))["x"] == "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"
    assert key_id(public_key(seed)) == "poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U"
    headers = {"date": "Tue, 20 Apr 2021 02:07:55 GMT", "content-type": "application/json", "content-length": "18"}
    request = Request("POST", "https://example.com/foo?param=Value&Pet=dog", headers, b'{"hello": "world"}')
    covered = ("date", "@method", "@path", "@authority", "content-type", "content-length")
    parameters = "(" + " ".join(f'"{name}"' for name in covered) + ');created=1618884473;keyid="test-key-ed25519"'
    made = base64.b64encode(sign(seed, signature_base(request, covered, parameters))).decode()
    assert made == "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="


def test_the_digest_of_the_rfc() -> None:
    """RFC 9530, appendix D: the SHA-256 of a JSON body."""
    assert content_digest(b'{"hello": "world"}\n') == "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"


def test_what_is_signed_holds() -> None:
    """A request as it was signed says by which key, when, and what it brings."""
    said = held(signed())
    assert isinstance(said, Said)
    assert (said.key_id, said.created_s, said.delivery, said.nonce) == (key_id(KEY), NOW, "7", "n0nce")


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_byte_may_change(data: st.DataObject) -> None:
    """Whatever covered byte is flipped, the signature no longer holds."""
    request = signed()
    where = data.draw(st.sampled_from(["url", "body", "method", *request.headers]))
    value = {"url": request.url.encode(), "body": request.body, "method": b"POST"}.get(where)
    raw = bytearray(value if value is not None else request.headers[where].encode())
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= 1 << data.draw(st.integers(0, 6))
    if where == "body":
        changed = request._replace(body=bytes(raw))
    elif where in ("url", "method"):
        changed = request._replace(**{where: raw.decode("latin-1")})
    else:
        changed = request._replace(headers={**request.headers, where: raw.decode("latin-1")})
    found = held(changed)
    same_bytes = where == "signature" and isinstance(found, Said)  # base64 has unused bits at its end
    assert isinstance(found, Refusal) or (same_bytes and at >= len(raw) - 5)


@pytest.mark.parametrize("left_out", COVERED)
def test_every_component_has_to_be_covered(left_out: str) -> None:
    """A signature that leaves something of the request open is refused, though it holds."""
    request = signed()
    covered = tuple(name for name in COVERED if name != left_out)
    names = " ".join(f'"{name}"' for name in covered)
    rest = request.headers["signature-input"].partition(")")[2]
    value = base64.b64encode(sign(SEED, signature_base(request, covered, f"({names}){rest}"))).decode()
    headers = {**request.headers, "signature-input": f"wideberth=({names}){rest}", "signature": f"wideberth=:{value}:"}
    found = held(request._replace(headers=headers))
    assert isinstance(found, Refusal)
    assert left_out in found.received


@pytest.mark.parametrize(
    ("now_s", "reason"),
    [(NOW - 4, None), (NOW - 10, Reason.CLOCK), (NOW + 59, None), (NOW + 70, Reason.PAST_NOT_AFTER)],
)
def test_clocks_that_differ_are_flagged(now_s: float, reason: Reason | None) -> None:
    """A sender whose clock is 10 s ahead is refused with that sentence; so is what comes after its time."""
    found = held(signed(), now_s)
    assert (found.reason if isinstance(found, Refusal) else None) is reason
    if reason is Reason.CLOCK:
        assert isinstance(found, Refusal)
        assert "10 s ahead" in found.sentence()


def test_another_key_is_refused() -> None:
    """A key that the reader does not know, and a known name with another's signature."""
    request = signed()
    unknown = verify(request, {}, NOW)
    assert isinstance(unknown, Refusal)
    assert unknown.reason is Reason.UNKNOWN_KEY
    forged = verify(request, {key_id(KEY): public_key(bytes(32))}, NOW)
    assert isinstance(forged, Refusal)
    assert forged.reason is Reason.BAD_SIGNATURE


def test_a_signature_beside_others_is_found() -> None:
    """A proxy may sign as well; nothing at all is refused."""
    request = signed()
    headers = {**request.headers}
    headers["signature-input"] = 'proxy=("@method");created=1, ' + headers["signature-input"]
    headers["signature"] = "proxy=:AAAA:, " + headers["signature"]
    assert isinstance(held(request._replace(headers=headers)), Said)
    assert isinstance(held(Request("POST", URL, {}, BODY)), Refusal)
