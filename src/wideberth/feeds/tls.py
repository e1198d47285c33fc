"""TLS of feeds: whom a feed trusts, what it shows of itself, and what went wrong in words.

In:  a feed's settings with the files that they name.
Out: contexts for a client and for a listener, read anew for each connection or opening: a renewed file counts.
Refuses (ValueError, one sentence with the file): files that cannot be read, that hold no certificate or not its key,
an own certificate that has expired or is not yet good.
"""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509

from wideberth.feeds.settings import Feed

ALERTS: Final = {
    "CERTIFICATE_EXPIRED": "the other side refuses our certificate: it has expired",
    "UNKNOWN_CA": "the other side refuses our certificate: it does not know who issued it",
    "CERTIFICATE_UNKNOWN": "the other side refuses our certificate",
    "BAD_CERTIFICATE": "the other side refuses our certificate",
    "CERTIFICATE_REVOKED": "the other side refuses our certificate: it was revoked",
    "CERTIFICATE_REQUIRED": "the other side wants a certificate of us",
}
"""What the other side's TLS alert says, by the end of its name (RFC 8446, section 6.2)."""
REASONS: Final = {
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "it shows no certificate",
    "WRONG_VERSION_NUMBER": "the other side does not speak TLS",
    "HTTP_REQUEST": "the other side speaks HTTP",
    "UNSUPPORTED_PROTOCOL": "the other side's version of TLS is too old",
}


def client_context(feed: Feed) -> ssl.SSLContext:
    """TLS as a client: the server is always checked, against the stated authority or those that the system knows."""
    made = _context(ssl.Purpose.SERVER_AUTH, feed)
    if feed.certificate:
        _show(made, feed)
    return made


def server_context(feed: Feed, refused: Callable[[str], None]) -> ssl.SSLContext:
    """TLS as a server; with an authority the clients show certificates of it. `refused` is told, in words, of each
    handshake that fails.
    """
    made = _context(ssl.Purpose.CLIENT_AUTH, feed)
    _show(made, feed)
    if feed.authority:
        made.verify_mode = ssl.CERT_REQUIRED

    class Shaken(ssl.SSLObject):
        """One connection. The loop closes it after a handshake that failed, and tells nobody why."""

        def do_handshake(self) -> None:
            try:
                super().do_handshake()
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                raise
            except ssl.SSLError as error:
                refused(tls_words(error))
                raise

    made.sslobject_class = Shaken
    return made


def tls_words(error: ssl.SSLError) -> str:
    """What went wrong, in a few words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate: {error.verify_message}"
    reason = error.reason or ""
    for name, text in ALERTS.items():
        if reason.endswith(f"ALERT_{name}"):
            return text
    said = reason.lower().replace("_", " ") or str(error)
    return REASONS.get(reason, f"TLS: {said}"[:200])


def _context(purpose: ssl.Purpose, feed: Feed) -> ssl.SSLContext:
    if feed.authority:
        _readable(feed.authority)
    try:
        return ssl.create_default_context(purpose, cafile=feed.authority or None)
    except ssl.SSLError as error:
        raise ValueError(f"{feed.authority} holds no certificate of an authority") from error


def _show(made: ssl.SSLContext, feed: Feed) -> None:
    data = _readable(feed.certificate)
    _readable(feed.key)
    try:
        made.load_cert_chain(feed.certificate, feed.key)
        own = x509.load_pem_x509_certificates(data)[0]
    except (ssl.SSLError, ValueError) as error:
        raise ValueError(f"{feed.certificate} and {feed.key} are no certificate and its key") from error
    now, begin, end = datetime.now(UTC), own.not_valid_before_utc, own.not_valid_after_utc
    if end < now:
        raise ValueError(f"{feed.certificate}: our certificate has expired, on {end:%Y-%m-%d at %H:%MZ}")
    if begin > now:
        raise ValueError(f"{feed.certificate}: our certificate is good from {begin:%Y-%m-%d at %H:%MZ} on")


def _readable(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from error
