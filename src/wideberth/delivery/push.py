"""Web push: a message encrypted for one subscription, sent to the service that the browser named.

In:  a subscription (endpoint, p256dh, auth), what to tell, the node's own key for push services.
Out: what became of a try. The body is encrypted (RFC 8188 aes128gcm, RFC 8291), the request carries who sends it
     (VAPID, RFC 8292): the push service reads neither text nor sender, only that something is sent, and how urgently.
Refuses: endpoints of services that the operator does not name, so that nobody can have the node knock elsewhere.
"""

import base64
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand
from msgspec import json

from wideberth.delivery.destination import Address, Fault, Vetting, read_address
from wideberth.delivery.line import Reply, Way
from wideberth.delivery.line import Request as Asked
from wideberth.delivery.pace import Clock, retry_after_us
from wideberth.delivery.tried import Tried, handed, lasting, of_fault, of_status
from wideberth.limits import DELIVERY_RETRY_AFTER_S_MAX, PUSH_BYTES_MAX, PUSH_RECORD_BYTES
from wideberth.party.paths import Push

KEY_FILE: Final = "push.key"
TOKEN_S: Final = 12 * 3_600
"""Life of a VAPID token (RFC 8292, 2: at most 24 h)."""
URGENCY: Final = ("high", "high", "high", "normal", "low")
"""RFC 8030, 5.3, by urgency: STOP and FLASH and IMMEDIATE wake a sleeping telephone."""
DELIMITER: Final = b"\x02"
"""The last record of a message (RFC 8188, 2)."""


def encrypt(plain: bytes, push: Push, own: ec.EllipticCurvePrivateKey, salt: bytes) -> bytes:
    """One record for a subscription (RFC 8291, 3.4); `own` and `salt` are new for each message."""
    assert len(plain) <= PUSH_BYTES_MAX, len(plain)
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), push.p256dh)
    mine = _point(own)
    shared = own.exchange(ec.ECDH(), theirs)
    about = b"WebPush: info\x00" + push.p256dh + mine
    secret = HKDF(hashes.SHA256(), 32, push.auth, about).derive(shared)
    extract = HKDF.extract(hashes.SHA256(), salt, secret)
    key = HKDFExpand(hashes.SHA256(), 16, b"Content-Encoding: aes128gcm\x00").derive(extract)
    nonce = HKDFExpand(hashes.SHA256(), 12, b"Content-Encoding: nonce\x00").derive(extract)
    head = salt + PUSH_RECORD_BYTES.to_bytes(4) + bytes([len(mine)]) + mine
    return head + AESGCM(key).encrypt(nonce, plain + DELIMITER, None)


def _point(key: ec.EllipticCurvePrivateKey) -> bytes:
    form = serialization.PublicFormat.UncompressedPoint
    return key.public_key().public_bytes(serialization.Encoding.X962, form)


def vapid(key: ec.EllipticCurvePrivateKey, audience: str, contact: str, expires_s: int) -> str:
    """The header Authorization for a push service (RFC 8292, 3). `contact`: a mailto: or https: address."""
    head = _b64url(json.encode({"typ": "JWT", "alg": "ES256"}))
    claims = {"aud": audience, "exp": expires_s} | ({"sub": contact} if contact else {})
    signed = f"{head}.{_b64url(json.encode(claims))}"
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"vapid t={signed}.{_b64url(r.to_bytes(32) + s.to_bytes(32))}, k={_b64url(_point(key))}"


def _b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def own_key(folder: Path) -> ec.EllipticCurvePrivateKey:
    """The node's key for push services; made once. Browsers bind their subscriptions to it."""
    path = folder / KEY_FILE
    if path.exists():
        key = serialization.load_pem_private_key(path.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey), f"{path} is no key of P-256"
        return key
    key = ec.generate_private_key(ec.SECP256R1())
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key.private_bytes(*form))
    return key


class Pushes:
    """Sends to push services."""

    def __init__(
        self,
        way: Way,
        vetting: Vetting,
        clock: Clock,
        key: ec.EllipticCurvePrivateKey,
        contact: str,
        hosts: Sequence[str],
        *,
        http: bool = False,
        salt: Callable[[], bytes] = lambda: os.urandom(16),
    ) -> None:
        """`hosts`: of push services, each with all names below it."""
        self._way, self._vetting, self._clock, self._key = way, vetting, clock, key
        self._contact, self._hosts, self._http, self._salt = contact, tuple(hosts), http, salt

    @property
    def public_key(self) -> str:
        """What a browser subscribes with (applicationServerKey)."""
        return _b64url(_point(self._key))

    async def send(self, push: Push, body: bytes, party: str, urgency: int, life_s: int) -> Tried:
        """One try. `life_s`: how long the service may keep it for a browser that is away."""
        address = read_address(push.endpoint, self._http)
        if not isinstance(address, Address) or not self._known(address.host):
            return lasting("no push service that this node sends to")
        try:
            sealed = encrypt(body, push, ec.generate_private_key(ec.SECP256R1()), self._salt())
        except ValueError:
            return lasting("the subscription's key is no point of the curve")
        pin = await self._vetting.pin(address, party)
        if isinstance(pin, Fault):
            return of_fault(pin)
        expires_s = self._clock.wall_us() // 1_000_000 + TOKEN_S
        headers = {
            "authorization": vapid(self._key, address.origin, self._contact, expires_s),
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "ttl": str(life_s),
            "urgency": URGENCY[urgency],
        }
        answer = await self._way.exchange(pin, Asked("POST", address.authority, address.target(""), headers, sealed))
        if not isinstance(answer, Reply):
            return of_fault(answer)
        if 200 <= answer.status < 300:
            return handed()
        asked = answer.headers.get("retry-after", "")
        return of_status(answer.status, retry_after_us(asked, self._clock.wall_us(), DELIVERY_RETRY_AFTER_S_MAX))

    def _known(self, host: str) -> bool:
        return any(host == known or host.endswith(f".{known}") for known in self._hosts)
