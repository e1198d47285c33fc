"""Where a party's cells are reached beside the stream: what `SetPaths` attaches.

In:  routes, each on the first or the second path: a webhook, a mail address, a web push subscription.
Out: a frozen part, seen by its party alone, that can be destroyed; what is wrong with one.
Refuses: too many routes, addresses that are not of their form. Whether a webhook leads into a private network shows
only when its name is looked up: `delivery` refuses it then, each time.
"""

import re
from typing import Final

import msgspec

from wideberth.limits import LANGUAGE_CHARACTERS_MAX, MAIL_CHARACTERS_MAX, ROUTES_MAX, USS_URL_CHARACTERS_MAX
from wideberth.party.hotline import Path
from wideberth.party.struct import Struct
from wideberth.refusal import Reason, Refusal, refuse

P256_BYTES: Final = 65
"""An uncompressed point of P-256 (RFC 8291, 3.1)."""
AUTH_BYTES: Final = 16
"""The authentication secret of a subscription (RFC 8291, 3.2)."""
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
_URL: Final = re.compile(r"https?://[A-Za-z0-9\[][A-Za-z0-9._~:/?!$&'()*+,;=%\[\]-]*")
_ATOM: Final = r"[A-Za-z0-9_+][A-Za-z0-9!#$%&'*+/=?^_{|}~-]*"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_MAIL: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")
LOCAL_CHARACTERS_MAX: Final = 64
"""The part of a mail address before the @ (RFC 5321, 4.5.3.1.1)."""


class Webhook(Struct, frozen=True, tag="webhook"):
    """An address that takes POST over https, signed by the node (RFC 9421)."""

    url: str


class Mail(Struct, frozen=True, tag="mail"):
    """A mailbox."""

    address: str


class Push(Struct, frozen=True, tag="push"):
    """A web push subscription as a browser gives it (RFC 8030, 8291)."""

    endpoint: str
    p256dh: bytes
    auth: bytes


class Route(Struct, frozen=True):
    """One way to a cell."""

    path: Path
    to: Webhook | Mail | Push
    language: str
    """In which what is sent is worded."""
    whole: bool = False
    """Send what the reader would fetch, not only that there is something: where the node's operator lets it."""

    @property
    def kind(self) -> str:
        """ "webhook", "mail" or "push"."""
        return str(self.to.__struct_config__.tag)


class Paths(Struct, frozen=True, tag="paths"):
    """The routes of one cell. The stream is always there besides."""

    routes: tuple[Route, ...]


def check_paths(paths: Paths, field: str) -> Refusal | None:
    """What is wrong with routes, if anything is."""
    if len(paths.routes) > ROUTES_MAX:
        return refuse(Reason.TOO_MANY, f"{field}.routes", f"at most {ROUTES_MAX}", len(paths.routes))
    for i, route in enumerate(paths.routes):
        at = f"{field}.routes[{i}]"
        no = _check_language(route.language, f"{at}.language") or _check_to(route.to, f"{at}.to")
        if no is not None:
            return no
    if len({(route.path, msgspec.msgpack.encode(route.to)) for route in paths.routes}) != len(paths.routes):
        return refuse(Reason.EXISTS, f"{field}.routes", "each route once a path", len(paths.routes))
    return None


def _check_language(tag: str, field: str) -> Refusal | None:
    if len(tag) <= LANGUAGE_CHARACTERS_MAX and _LANGUAGE.fullmatch(tag):
        return None
    limit = f"a language tag (RFC 5646) of at most {LANGUAGE_CHARACTERS_MAX} characters"
    return refuse(Reason.MALFORMED, field, limit, tag)


def _check_to(to: Webhook | Mail | Push, field: str) -> Refusal | None:
    match to:
        case Webhook(url):
            return _check_url(url, f"{field}.url")
        case Mail(address):
            good = len(address) <= MAIL_CHARACTERS_MAX and _MAIL.fullmatch(address) is not None
            if not good or address.index("@") > LOCAL_CHARACTERS_MAX:
                limit = f"name@host in ASCII, at most {MAIL_CHARACTERS_MAX} characters"
                return refuse(Reason.MALFORMED, f"{field}.address", limit, address)
        case Push(endpoint, p256dh, auth):
            if len(p256dh) != P256_BYTES or p256dh[:1] != b"\x04":
                limit = f"a point of P-256, {P256_BYTES} bytes that begin with 4"
                return refuse(Reason.MALFORMED, f"{field}.p256dh", limit, f"{len(p256dh)} bytes")
            if len(auth) != AUTH_BYTES:
                return refuse(Reason.MALFORMED, f"{field}.auth", f"{AUTH_BYTES} bytes", f"{len(auth)} bytes")
            return _check_url(endpoint, f"{field}.endpoint")
    return None


def _check_url(url: str, field: str) -> Refusal | None:
    if len(url) <= USS_URL_CHARACTERS_MAX and _URL.fullmatch(url):
        return None
    limit = f"https://host/path in ASCII, without user or fragment, at most {USS_URL_CHARACTERS_MAX} characters"
    return refuse(Reason.MALFORMED, field, limit, url)
