"""Web push: the RFC's own vector, to push services alone."""

import asyncio
import base64
import json
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from delivery_kit import QUICK, Uss, always, fast, http, to_loopback

from wideberth.delivery.destination import Vetting
from wideberth.delivery.line import Way
from wideberth.delivery.push import Pushes, encrypt, own_key, vapid
from wideberth.delivery.tried import Tried
from wideberth.limits import PUSH_BYTES_MAX
from wideberth.party.paths import Push


def unb64(text: str) -> bytes:
    """base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def private(text: str) -> ec.EllipticCurvePrivateKey:
    """A key by its number."""
    return ec.derive_private_key(int.from_bytes(unb64(text)), ec.SECP256R1())


AUTH = unb64("BTBZMqHH6r4Tts7J_aSIgg")
UA_PUBLIC = unb64("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4")
UA = private("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94")
SALT = unb64("DGv6ra1nlYgDCS1FRnbzlw")
PUSH = Push("https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV", UA_PUBLIC, AUTH)


def opened(sealed: bytes) -> bytes:
    """As a browser opens it: written from RFC 8188 and 8291 alone."""
    salt, size, length = sealed[:16], int.from_bytes(sealed[16:20]), sealed[20]
    theirs, box = sealed[21 : 21 + length], sealed[21 + length :]
    assert len(sealed) <= 4_096 == size
    shared = UA.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))
    secret = HKDF(hashes.SHA256(), 32, AUTH, b"WebPush: info\0" + UA_PUBLIC + theirs).derive(shared)
    key = HKDF(hashes.SHA256(), 16, salt, b"Content-Encoding: aes128gcm\0").derive(secret)
    nonce = HKDF(hashes.SHA256(), 12, salt, b"Content-Encoding: nonce\0").derive(secret)
    plain = AESGCM(key).decrypt(nonce, box, None)
    return plain.rstrip(b"\0")[:-1]


def test_the_vector_of_the_rfc() -> None:
    """RFC 8291, appendix A: keys, salt and text as printed there give the body printed there."""
    own = private("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")
    sealed = encrypt(b"When I grow up, I want to be a watermelon", PUSH, own, SALT)
    assert base64.urlsafe_b64encode(sealed).decode().rstrip("=") == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A"
        "_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_a_browser_opens_what_was_sealed_and_nobody_changes_it() -> None:
    """What fits goes through whole, with new keys each time; a changed byte does not open."""
    for plain in (b"", b"x", b"y" * PUSH_BYTES_MAX):
        sealed = encrypt(plain, PUSH, ec.generate_private_key(ec.SECP256R1()), SALT)
        assert opened(sealed) == plain
    with pytest.raises(InvalidTag):
        opened(sealed[:-1] + bytes([sealed[-1] ^ 1]))


def test_who_sends_is_signed() -> None:
    """RFC 8292: an ES256 token for the service's origin, with an end and a contact, by the key that goes along."""
    key = ec.generate_private_key(ec.SECP256R1())
    header = vapid(key, "https://push.example.net", "mailto:duty@node.example", 1_800_000_000)
    fields = dict(part.strip().split("=", 1) for part in header.removeprefix("vapid ").split(","))
    head, claims, signature = fields["t"].split(".")
    assert json.loads(unb64(head)) == {"typ": "JWT", "alg": "ES256"}
    told = {"aud": "https://push.example.net", "exp": 1_800_000_000, "sub": "mailto:duty@node.example"}
    assert json.loads(unb64(claims)) == told
    raw = unb64(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unb64(fields["k"]))
    point.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))


def test_the_nodes_key_is_made_once_and_is_its_own(tmp_path: Path) -> None:
    """Browsers bind their subscriptions to it; nobody else on the machine reads it."""
    first, second = own_key(tmp_path), own_key(tmp_path)
    assert first.private_numbers() == second.private_numbers()
    assert (tmp_path / "push.key").stat().st_mode & 0o777 == 0o600


async def tried(push: Push, uss: Uss, private_: bool = True) -> Tried:
    """One try."""
    clock, way = fast(), Way(QUICK)
    vetting = Vetting(clock, http=True, private=private_, resolve=to_loopback)
    key = ec.generate_private_key(ec.SECP256R1())
    sender = Pushes(way, vetting, clock, key, "", ("push.example.net",), http=True)
    assert uss is not None
    try:
        return await sender.send(push, b"there is a FLASH", "BBB", 1, 90)
    finally:
        await vetting.close()
        await way.close()


def test_a_push_service_gets_a_sealed_body_and_how_urgent_it_is() -> None:
    """It learns neither text nor theatre."""

    async def go() -> None:
        async with Uss(always(http(201))) as uss:
            push = Push(f"http://eu.push.example.net:{uss.port}/x", UA_PUBLIC, AUTH)
            assert (await tried(push, uss)).handed
            heard = uss.heard[0]
            assert opened(heard.body) == b"there is a FLASH"
            named = {name: heard.headers[name] for name in ("content-encoding", "ttl", "urgency")}
            assert named == {"content-encoding": "aes128gcm", "ttl": "90", "urgency": "high"}
            assert heard.headers["authorization"].startswith("vapid t=")
            refused = await tried(push, uss, private_=False)
            assert (refused.handed, refused.why) == (False, "not-public")
            assert len(uss.heard) == 1

    asyncio.run(go())


def test_only_push_services_are_sent_to() -> None:
    """A subscription that names another machine, or a key that is no point of the curve, sends nothing."""

    async def go() -> None:
        async with Uss(always(http(201))) as uss:
            for endpoint in (
                f"{uss.url}/x",
                f"http://evilpush.example.net:{uss.port}/",
                f"http://push.example.net.evil:{uss.port}/",
            ):
                found = await tried(Push(endpoint, UA_PUBLIC, AUTH), uss)
                assert (found.handed, found.lasting) == (False, True), endpoint
            off_curve = Push(f"http://push.example.net:{uss.port}/", b"\x04" + bytes(range(64)), AUTH)
            assert (await tried(off_curve, uss)).lasting
            assert uss.heard == []

    asyncio.run(go())


def test_a_subscription_that_is_gone_looks_lasting() -> None:
    """410 is tried each hour, 429 as soon as it may."""

    async def go() -> None:
        for status, lasting in ((410, True), (429, False)):
            async with Uss(always(http(status))) as uss:
                found = await tried(Push(f"http://push.example.net:{uss.port}/x", UA_PUBLIC, AUTH), uss)
                assert (found.handed, found.lasting) == (False, lasting)

    asyncio.run(go())
