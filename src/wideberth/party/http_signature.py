"""HTTP message signatures with Ed25519 (RFC 9421) over a request and the digest of its body (RFC 9530).

In:  method, address, headers, body; who signs, or the public keys that may have signed; the time, a nonce, an id.
Out: the headers that sign a request; or what a signature says, once it holds.
Refuses: requests without the signature, digests and signatures that do not fit, components left out, times that do not
fit the reader's clock, keys that the reader does not know.

Covered are method, whole address, body (by its digest), its type and the Idempotency-Key, so that nothing of a request
can be changed or sent elsewhere. A signature begins with a quote, which nothing else that a node signs does.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from wideberth.limits import SIGNATURE_LIFE_S, SKEW_S_MAX
from wideberth.party.identity import signature_holds
from wideberth.refusal import Reason, Refusal, refuse

LABEL: Final = "wideberth"
TAG: Final = "wideberth-webhook"
COVERED: Final = ("@method", "@target-uri", "content-digest", "content-type", "idempotency-key")
_INPUT: Final = re.compile(r'(?:^|,[ \t]*)wideberth=(\(((?:"[^"]*" ?)*)\)((?:;[a-z]+=(?:[0-9]{1,15}|"[^"]*"))*))')
_VALUE: Final = re.compile(r"(?:^|,[ \t]*)wideberth=:([A-Za-z0-9+/=]*):")
_DIGEST: Final = re.compile(r"(?:^|,[ \t]*)sha-256=:([A-Za-z0-9+/=]*):")
_PARAMETER: Final = re.compile(r';([a-z]+)=(?:([0-9]+)|"([^"]*)")')


class Request(NamedTuple):
    """A request as it is signed. `url`: the whole address, as the sender used it; header names in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


class Signer(NamedTuple):
    """A public key, and what signs with it."""

    key: bytes
    sign: Callable[[bytes], bytes]


class Said(NamedTuple):
    """What a signature that holds says."""

    key_id: str
    created_s: int
    nonce: str
    delivery: str
    """The Idempotency-Key: what was seen before under it is the same thing."""
    skew_s: float
    """How far the sender's clock seems to be ahead; what was long on its way seems behind."""


def key_id(key: bytes) -> str:
    """The thumbprint of an Ed25519 key as a JSON Web Key (RFC 7638, RFC 8037 appendix A.3)."""
    words = f'{{"crv":"Ed25519","kty":"OKP","x":"{_b64url(key)}"}}'
    return _b64url(hashlib.sha256(words.encode()).digest())


def jwk(key: bytes) -> dict[str, str]:
    """The same key for a key set (RFC 7517, RFC 8037)."""
    named = {"kty": "OKP", "crv": "Ed25519", "x": _b64url(key), "kid": key_id(key)}
    return {**named, "use": "sig", "alg": "EdDSA"}


def content_digest(body: bytes) -> str:
    """The header Content-Digest (RFC 9530, 2)."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def signature_base(request: Request, covered: tuple[str, ...], parameters: str) -> bytes:
    """What is signed (RFC 9421, 2.5). `parameters` as they stand in Signature-Input. KeyError: a header is missing."""
    lines = [f'"{name}": {_component(request, name)}' for name in covered]
    return "\n".join([*lines, f'"@signature-params": {parameters}']).encode()


def _component(request: Request, name: str) -> str:
    authority, slash, rest = request.url.partition("://")[2].partition("/")
    path, _, query = (slash + rest).partition("?")
    match name:
        case "@method":
            return request.method
        case "@target-uri":
            return request.url
        case "@authority":
            return authority.lower()
        case "@path":
            return path or "/"
        case "@query":
            return f"?{query}"
        case _:
            return request.headers[name].strip()


def signed_headers(
    signer: Signer, method: str, url: str, body: bytes, *, delivery: str, now_s: int, nonce: str
) -> dict[str, str]:
    """The headers of a JSON request that is signed now. `delivery`: the id of what it brings, the same at each try."""
    headers = {
        "content-type": "application/json",
        "content-digest": content_digest(body),
        "idempotency-key": f'"{delivery}"',
    }
    names = " ".join(f'"{name}"' for name in COVERED)
    times = f"created={now_s};expires={now_s + SIGNATURE_LIFE_S}"
    parameters = f'({names});{times};keyid="{key_id(signer.key)}";nonce="{nonce}";alg="ed25519";tag="{TAG}"'
    value = signer.sign(signature_base(Request(method, url, headers, body), COVERED, parameters))
    signature = {
        "signature-input": f"{LABEL}={parameters}",
        "signature": f"{LABEL}=:{base64.b64encode(value).decode()}:",
    }
    return headers | signature


def verify(request: Request, keys: Mapping[str, bytes], now_s: float) -> Said | Refusal:
    """What the signature of a request says, if it holds. `keys`: public keys by their ids."""
    found = _INPUT.search(request.headers.get("signature-input", ""))
    value = _VALUE.search(request.headers.get("signature", ""))
    if found is None or value is None:
        return refuse(Reason.BAD_SIGNATURE, "signature-input", f"a signature labelled {LABEL} (RFC 9421)", "none")
    covered = tuple(re.findall(r'"([^"]*)"', found[2]))
    given = {name: number or text for name, number, text in _PARAMETER.findall(found[3])}
    no = _check_parameters(covered, given, now_s) or _check_digest(request)
    if no is not None:
        return no
    key = keys.get(given["keyid"])
    if key is None:
        return refuse(Reason.UNKNOWN_KEY, "keyid", "a key that you hold of this node", given["keyid"])
    try:
        signature = base64.b64decode(value[1], validate=True)
        base = signature_base(request, covered, found[1])
    except (binascii.Error, KeyError):
        return refuse(Reason.BAD_SIGNATURE, "signature", "base64, and every header that is covered", "neither")
    if not signature_holds(key, base, signature):
        return refuse(Reason.BAD_SIGNATURE, "signature", "the node's, over this request to this address", "another")
    delivery = request.headers["idempotency-key"].strip().strip('"')
    skew_s = int(given["created"]) - now_s
    return Said(given["keyid"], int(given["created"]), given["nonce"], delivery, skew_s)


def _check_parameters(covered: tuple[str, ...], given: Mapping[str, str], now_s: float) -> Refusal | None:
    missing = [name for name in COVERED if name not in covered]
    if missing:
        return refuse(Reason.BAD_SIGNATURE, "signature-input", f"one that covers {', '.join(COVERED)}", missing[0])
    for name, right in (("alg", "ed25519"), ("tag", TAG)):
        if given.get(name) != right:
            return refuse(Reason.BAD_SIGNATURE, name, right, given.get(name, "none"))
    created, expires = given.get("created", ""), given.get("expires", "")
    if not created.isdecimal() or not expires.isdecimal() or not given.get("nonce") or not given.get("keyid"):
        return refuse(Reason.BAD_SIGNATURE, "signature-input", "created, expires, nonce and keyid", "less")
    if int(created) > now_s + SKEW_S_MAX:
        limit = f"made at most {SKEW_S_MAX} s ahead of your clock: compare the clocks"
        return refuse(Reason.CLOCK, "created", limit, f"{int(created) - now_s:.0f} s ahead")
    if int(expires) < now_s - SKEW_S_MAX or int(expires) - int(created) > SIGNATURE_LIFE_S:
        limit = f"a signature of at most {SIGNATURE_LIFE_S} s that has not run out; or the clocks differ"
        return refuse(Reason.PAST_NOT_AFTER, "expires", limit, f"{now_s - int(expires):.0f} s ago")
    return None


def _check_digest(request: Request) -> Refusal | None:
    found = _DIGEST.search(request.headers.get("content-digest", ""))
    right = _DIGEST.search(content_digest(request.body))
    assert right is not None
    if found is None or found[1] != right[1]:
        return refuse(Reason.BAD_SIGNATURE, "content-digest", "sha-256 of the body (RFC 9530)", "another")
    return None


def _b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
