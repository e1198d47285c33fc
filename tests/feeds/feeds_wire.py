"""What the tests of sockets share: a receiver that collects, waiting for what must come, certificates."""

import asyncio
import datetime
import ipaddress
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from wideberth.feeds.listen import Datagrams, Listener
from wideberth.feeds.receive import Receiver
from wideberth.feeds.report import Report
from wideberth.feeds.settings import Feed, check_feed
from wideberth.feeds.told import Health


class Collected:
    """A receiver and what its sink was given."""

    def __init__(self, feeds: list[Feed]) -> None:
        for feed in feeds:
            assert check_feed(feed, feed.name) is None
        self.batches: list[list[Report]] = []
        self.receiver = Receiver(feeds, self.batches.append)

    def of(self, name: str) -> list[Report]:
        """The reports of one feed."""
        return [r for batch in self.batches for r in batch if r.source == name]

    def health(self, name: str) -> Health:
        """One feed's figures."""
        return next(h for h in self.receiver.healths() if h.name == name)

    def address(self, name: str) -> tuple[str, int]:
        """Where a listener listens."""
        intake = self.receiver.intake(name)
        assert isinstance(intake, Listener | Datagrams)
        assert intake.address is not None
        return intake.address


@asynccontextmanager
async def collecting(*feeds: Feed) -> AsyncIterator[Collected]:
    """Feeds that run; listeners listen when it begins."""
    collected = Collected(list(feeds))
    async with collected.receiver:
        for feed in feeds:
            if feed.listen:
                await until(lambda name=feed.name: collected.health(name).connections > 0)  # type: ignore[misc]
        yield collected


async def until(holds: Callable[[], bool], most_s: float = 20.0) -> None:
    """Wait for something that must come to hold."""
    async with asyncio.timeout(most_s):
        while not holds():
            await asyncio.sleep(0.01)


class Authority:
    """A certificate authority in a folder."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.datetime.now(tz=datetime.UTC)
        own = self._builder(self._name, self._key, now).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), True
        )
        self.file = str(
            self._write(f"{name}.pem", own.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        )

    def issue(self, name: str, days: int = 1) -> tuple[str, str]:
        """Files of a certificate for loopback and its key; expired where `days` is below 0."""
        key = ec.generate_private_key(ec.SECP256R1())
        end = datetime.datetime.now(tz=datetime.UTC) + datetime.timedelta(days=min(0, days))
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        made = self._builder(subject, key, end).add_extension(names, False).sign(self._key, hashes.SHA256())
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        certificate = self._write(f"{name}.pem", made.public_bytes(serialization.Encoding.PEM))
        return str(certificate), str(self._write(f"{name}.key", private))

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, about: datetime.datetime
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(about - datetime.timedelta(days=3))
            .not_valid_after(about + datetime.timedelta(hours=12))
        )

    def _write(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(data)
        return path
