"""Mail through the operator's server: in a sealed line, once, and what a no means."""

import asyncio
import email.policy
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from delivery_kit import fast

from wideberth.config import Config
from wideberth.delivery.mail import Mails
from wideberth.delivery.tried import Tried
from wideberth.party.paths import Mail

FROM = "node@theatre.example"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 127.0.0.1, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("mail") / "mail.pem"
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(key.private_bytes(*form) + made.public_bytes(serialization.Encoding.PEM))
    return path


class Box:
    """A mail server's insides: keeps what it takes."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, list[str], EmailMessage]] = []
        self.refusing = ""
        self.signed_in: list[str] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Envelope, address: str, options: Any) -> str:
        """Take or refuse a mailbox."""
        if self.refusing:
            return self.refusing
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        """Take a mail."""
        raw = envelope.original_content
        assert isinstance(raw, bytes)
        read = message_from_bytes(raw, policy=email.policy.default)
        assert isinstance(read, EmailMessage)
        self.kept.append((str(envelope.mail_from), list(envelope.rcpt_tos), read))
        return "250 OK"

    def sign_in(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        """One user, one password."""
        assert isinstance(data, LoginPassword)
        self.signed_in.append(data.login.decode())
        return AuthResult(success=data == LoginPassword(b"node", b"secret"), handled=False)


@asynccontextmanager
async def serving(box: Box, certificate: Path | None, must: bool = False) -> AsyncIterator[int]:
    """The server's port."""
    more: dict[str, Any] = {}
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        more = {"tls_context": context, "require_starttls": True}
    if must:
        more |= {"authenticator": box.sign_in, "auth_required": True}
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(box, hostname="mail.example", enable_SMTPUTF8=False, **more), "127.0.0.1", 0
    )
    async with server:
        yield server.sockets[0].getsockname()[1]


def settings(port: int, **more: Any) -> Config:
    """A node with a mail server."""
    given = {"mail_host": "127.0.0.1", "mail_port": port, "mail_from": FROM, **more}
    return Config(folder=Path("nowhere"), **given)


async def tried(config: Config, to: str = "duty@desk.example") -> Tried:
    """One mail."""
    return await Mails(config, fast()).send(Mail(to), "FLASH: حالة", "Text – über\n", "id-7", 1, "fa")


def test_a_mail_goes_by_a_sealed_line(certificate: Path, tmp_path: Path) -> None:
    """STARTTLS with the server's certificate held, signed in with the file's password; text in any script."""
    (tmp_path / "password").write_text("secret\n")

    async def go() -> None:
        box = Box()
        async with serving(box, certificate, must=True) as port:
            more = {"mail_authority": certificate, "mail_user": "node", "mail_password": tmp_path / "password"}
            assert (await tried(settings(port, **more))).handed
        sender, to, mail = box.kept[0]
        assert (sender, to, box.signed_in) == (FROM, ["duty@desk.example"], ["node"])
        assert (mail["Subject"], mail.get_content().replace("\r\n", "\n")) == ("FLASH: حالة", "Text – über\n")
        named = (mail["Message-ID"], mail["Auto-Submitted"], mail["Priority"], mail["Content-Language"])
        assert named == ("<id-7@theatre.example>", "auto-generated", "urgent", "fa")

    asyncio.run(go())


def test_nothing_goes_in_clear(certificate: Path) -> None:
    """A server without STARTTLS, or with a certificate that nobody vouches for, is given nothing."""

    async def go() -> None:
        for given, more in ((None, {"mail_authority": certificate}), (certificate, {})):
            box = Box()
            async with serving(box, given) as port:
                found = await tried(settings(port, **more))
            assert (found.handed, found.lasting) == (False, False)
            assert box.kept == []

    asyncio.run(go())


def test_a_refused_mailbox_looks_lasting_and_a_busy_one_does_not(certificate: Path) -> None:
    """5xx is tried each hour, 4xx soon; a wrong password looks lasting as well."""

    async def go() -> None:
        for reply, lasting in (("550 no such box", True), ("450 later", False)):
            box = Box()
            box.refusing = reply
            async with serving(box, certificate) as port:
                found = await tried(settings(port, mail_authority=certificate))
            assert (found.handed, found.lasting, found.why) == (False, lasting, f"mailbox: {reply[:3]}")

    asyncio.run(go())


def test_a_wrong_password_says_so(certificate: Path, tmp_path: Path) -> None:
    """The operator's log and the party's routes tell of it; a file that is not there is a failure like any."""
    (tmp_path / "password").write_text("wrong")

    async def go() -> None:
        box = Box()
        async with serving(box, certificate, must=True) as port:
            more = {"mail_authority": certificate, "mail_user": "node"}
            found = await tried(settings(port, **more, mail_password=tmp_path / "password"))
            assert (found.handed, found.lasting, found.why) == (False, True, "mail server: 535")
            gone = await tried(settings(port, **more, mail_password=tmp_path / "gone"))
            assert not gone.handed
        assert box.kept == []

    asyncio.run(go())


def test_a_server_that_is_down_passes() -> None:
    """Nobody there, or nobody named."""

    async def go() -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            found = await tried(settings(taken.getsockname()[1]))
        assert (found.handed, found.lasting) == (False, False)
        none = await tried(Config(folder=Path("nowhere")))
        assert (none.handed, none.lasting, none.why) == (False, True, "this node has no mail server")

    asyncio.run(go())


def test_on_loopback_the_operator_may_do_without() -> None:
    """For laptops: no TLS, where the settings say so."""

    async def go() -> None:
        box = Box()
        async with serving(box, None) as port:
            assert (await tried(settings(port, mail_tls="none"))).handed
        assert len(box.kept) == 1

    asyncio.run(go())
