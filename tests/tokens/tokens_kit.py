"""Keys that are made once, tokens of every kind, and an address that gives a key set."""

import base64
import contextlib
import datetime
import functools
import hashlib
import hmac
import json
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID

from wideberth.refusal import Refusal
from wideberth.tokens import Issuer, Trust
from wideberth.tokens.issuer import new_private_pem
from wideberth.tokens.keyset import read_jwks
from wideberth.tokens.source import Found
from wideberth.tokens.verify import Keys

NAME = "issuer.example"
AUDIENCE = "theatre.example"
TRUST = Trust(NAME, frozenset({AUDIENCE, "localhost"}))
NOW_S = 1_795_000_000
NOW_US = NOW_S * 1_000_000
SCOPES = ("utm.strategic_coordination", "utm.constraint_processing")


@functools.cache
def _made(_number: int) -> bytes:
    return new_private_pem()


def private_pem(number: int = 0) -> bytes:
    """A private key, made once a session."""
    return _made(number)


@functools.cache
def private_key(number: int = 0) -> RSAPrivateKey:
    """The same, ready to sign."""
    key = load_pem_private_key(private_pem(number), None)
    assert isinstance(key, RSAPrivateKey)
    return key


def certificate(number: int = 0) -> bytes:
    """A certificate that ended long ago and carries the key of an issuer."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "issuer.example")])
    day = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    builder = x509.CertificateBuilder(name, name, private_key(number).public_key(), 5, day, day)
    return builder.sign(private_key(number), hashes.SHA256()).public_bytes(Encoding.PEM)


@functools.cache
def issuer(number: int = 0) -> Issuer:
    """An issuer of the trusted name; each number has a key of its own."""
    return Issuer(private_pem(number), NAME)


def jwks(*numbers: int) -> bytes:
    """The key set of issuers."""
    return json.dumps({"keys": [key for n in numbers for key in issuer(n).jwks()["keys"]]}).encode()


@functools.cache
def found(*numbers: int) -> Found:
    """The named keys of issuers."""
    keys = read_jwks(jwks(*numbers), "keys")
    assert not isinstance(keys, Refusal)
    return keys


def keys_of(*numbers: int) -> Keys:
    """The same, as a token is held against them."""
    return Keys(found(*numbers))


def claims(**changed: Any) -> dict[str, Any]:
    """What a good token says; None leaves a claim out."""
    good = issuer().claims("USS1", SCOPES, AUDIENCE, NOW_S)
    return {name: value for name, value in (good | changed).items() if value is not None}


def good(number: int = 0, **changed: Any) -> str:
    """A signed token."""
    return issuer(number).sign(claims(**changed))


def b64(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(header: Any, said: Any, number: int = 0, hash_: hashes.HashAlgorithm | None = None) -> str:
    """A token of raw parts, signed by RSA whatever its header says; bytes stand as they are."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, said)]
    text = ".".join(b64(part) for part in parts)
    return f"{text}.{b64(private_key(number).sign(text.encode(), PKCS1v15(), hash_ or hashes.SHA256()))}"


def hmac_signed(header: Any, said: Any, secret: bytes) -> str:
    """A token whose signature is an HMAC."""
    text = ".".join(b64(json.dumps(part).encode()) for part in (header, said))
    return f"{text}.{b64(hmac.digest(secret, text.encode(), hashlib.sha256))}"


class Address:
    """An address on loopback that answers as it is told: status, body, headers; `hangs` answers nothing."""

    def __init__(self, body: bytes) -> None:
        self.body, self.status = body, 200
        self.headers: dict[str, str] = {}
        self.asked: list[str] = []
        self.endless = False
        self.hangs = threading.Event()
        self.hangs.set()
        self.url = ""


class Quiet(ThreadingHTTPServer):
    """Says nothing of clients that hang up."""

    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """They are meant to."""


@contextlib.contextmanager
def address(body: bytes = b"", tls: ssl.SSLContext | None = None) -> Iterator[Address]:
    """Such an address, for as long as the context lasts."""
    told = Address(body)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append(self.path)
            told.hangs.wait(20)
            self.send_response(told.status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            if not told.endless:
                self.send_header("content-length", str(len(told.body)))
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                self.wfile.write(told.body)
                while told.endless:
                    self.wfile.write(b" " * 65_536)

        def log_message(self, *_: Any) -> None:
            pass

    server = Quiet(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    told.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}/keys"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield told
    finally:
        told.endless = False
        told.hangs.set()
        server.shutdown()
        thread.join()
        server.server_close()


class Clock:
    """A monotonic clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.us = 1_000_000_000

    def __call__(self) -> int:
        """Microseconds."""
        return self.us

    def on(self, seconds: float) -> None:
        """Move it."""
        self.us += round(seconds * 1_000_000)


def wall_us() -> int:
    """This machine's clock."""
    return time.time_ns() // 1_000
