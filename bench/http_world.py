"""A theatre that suppliers reach by token, served by `wideberth serve` in a process of its own, on disk.

The first party of the theatre is WATCH, others stand beside it; the tokens' issuer is made for the bench. The charter
bounds nothing that the measurement would run into.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from bench.theatre_world import NODE_SEED, charter
from wideberth.cli.run import READY
from wideberth.load import Address, Source, parse_address
from wideberth.node import found_theatre
from wideberth.party.charter import TrafficClass, default_separations
from wideberth.party.command import Founder, Genesis
from wideberth.party.identity import KeyGrant, Role, RootSet, public_key
from wideberth.theatre.outcome import DECIDE_VERSION
from wideberth.tokens import Issuer
from wideberth.tokens.issuer import new_private_pem

WATCH: Final = "WATCH"
ISSUER: Final = "bench"
AUDIENCE: Final = "127.0.0.1"
SCOPES: Final = ("utm.strategic_coordination",)
YEAR_US: Final = 365 * 86_400 * 1_000_000
COUNT_MAX: Final = 10**9


class Served(NamedTuple):
    """A node at work: where it is, its process, tokens for its suppliers."""

    url: str
    address: Address
    pid: int
    source: Source

    def resident_mb(self) -> float:
        """What the node holds in memory now."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * 4_096 / 1e6

    def cpu_s(self) -> float:
        """Processor time that the node took so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def seed_of(party: str) -> bytes:
    """The key seed of a party."""
    return party.lower().encode().ljust(32, b".")


def _founder(party: str) -> Founder:
    key = public_key(seed_of(party))
    grant = KeyGrant(key, ("*",), time.time_ns() // 1_000 + YEAR_US, "")
    return Founder(party, party.title(), Role.MEMBER, RootSet((key,), 1), grant, ())


def _genesis(others: Sequence[str]) -> Genesis:
    minima = tuple(row for row in default_separations() if {row.first, row.second} != {TrafficClass.DRONE})
    rules = msgspec.structs.replace(
        charter(minima),
        conveners=(WATCH,),
        quorum=1,
        issuers=(ISSUER,),
        budget_peers=COUNT_MAX,
        supplier_claim_km2_h=COUNT_MAX,
        supplier_km2_h=COUNT_MAX,
        supplier_checks=COUNT_MAX,
    )
    founders = tuple(_founder(party) for party in (WATCH, *others))
    return Genesis("bench", 1, True, rules, founders, public_key(NODE_SEED), DECIDE_VERSION)


@contextmanager
def served(folder: Path, others: Sequence[str] = (), more: Mapping[str, str] | None = None) -> Iterator[Served]:
    """Found a theatre in the folder and serve it until the end; `more` are settings by their environment variables."""
    issuer = Issuer(new_private_pem(), ISSUER)
    found_theatre(folder, _genesis(others), NODE_SEED)
    public = folder / "issuer.pem.pub"
    public.write_bytes(issuer.public_pem)
    settings = {
        "WIDEBERTH_TOKEN_ISSUER": ISSUER,
        "WIDEBERTH_TOKEN_KEYS": str(public),
        "WIDEBERTH_TOKEN_AUDIENCES": AUDIENCE,
        "WIDEBERTH_LOG_LEVEL": "error",
    }
    command = [sys.executable, "-m", "wideberth.cli", "serve", str(folder), "--port", "0", "--quiet"]
    node = subprocess.Popen(command, env=os.environ | settings | dict(more or {}), stdout=subprocess.PIPE, text=True)
    assert node.stdout is not None
    try:
        ready = next((line for line in node.stdout if line.startswith(READY)), "")
        assert ready, "the node did not start; its log tells why"
        url = ready.removeprefix(READY).strip()
        address = parse_address(url)
        assert isinstance(address, Address), address
        yield Served(url, address, node.pid, lambda sub: issuer.mint(sub, SCOPES, AUDIENCE, time.time()))
    finally:
        node.send_signal(signal.SIGKILL)
        node.wait()
        node.stdout.close()
