"""evidence_s_year: one file of a year of a theatre's traffic, from a data folder, verification and report included.

Eight parties plan, send and acknowledge for a year; what falls due is appended as a node does it. 300,000 entries, of
which ticks say nothing and stay out. Measured is the command line as a process of its own, for the whole ledger and for
what one party was given; and how long the file takes to verify, by the house and by itself.
"""

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from nacl.signing import SigningKey
from rich.progress import track

from bench.frame import Figure, console
from bench.theatre_world import HOUR_US, KEYS, NODE_SEED, PARTIES, SECOND_US, START_US, charter, key_of, memory, theatre
from wideberth.ledger.checkpoint import Signer, origin_of
from wideberth.ledger.sqlite import SqliteLedger
from wideberth.party.command import Activity, Disclosure, Domain, Plan, Text, Volumes
from wideberth.party.envelope import CONTEXT, Attachment, Envelope, encode, seal
from wideberth.party.hotline import Acknowledge, MessageKind, MessageSubject, Precedence, Send
from wideberth.refusal import Refusal
from wideberth.sequencer import Sequencer
from wideberth.space.volume import Circle, Volume4D

YEAR_US = 365 * 24 * HOUR_US
GROUP = 10_000


class Year:
    """A year of traffic, the same for the same number of entries."""

    def __init__(self, entries: int) -> None:
        self.entries, self.random = entries, random.Random(7)
        self.sequencer: Sequencer = theatre(charter(), memory())
        self.now_us = START_US

    def say(self, party: str, command: Plan | Send | Acknowledge, *parts: Volumes | Text) -> None:
        """Say something, signed."""
        attached = tuple(Attachment(self.random.randbytes(32), encode(part)) for part in parts)
        state, self.now_us = self.sequencer.state, self.now_us + 1_000
        head = self.sequencer.store.head
        rest = (self.random.randbytes(16), self.now_us + HOUR_US, (head.size, head.root), command)
        named = tuple(part.commitment() for part in attached)
        envelope = Envelope(CONTEXT, state.genesis, party, (KEYS[party],), *rest, named)
        signed = seal(envelope, (key_of(party),))
        submission = self.sequencer.admit(signed.envelope, signed.signatures, attached)
        assert not isinstance(submission, Refusal), submission.sentence()
        answer = self.sequencer.decide_group([submission], self.now_us)[0]
        assert answer.accepted is not None, answer.refusal

    def live(self) -> None:
        """All of it."""
        step_us = YEAR_US * 5 // self.entries
        with console.status("a year of traffic"):
            while self.sequencer.store.head.size < self.entries:
                self.now_us += step_us
                self.sequencer.pass_time(self.now_us)
                self.cycle()

    def cycle(self) -> None:
        """A plan, a message, its acknowledgement."""
        one, other = self.random.sample(PARTIES, 2)
        lat, lon = self.random.uniform(45, 50), self.random.uniform(5, 15)
        start_us = self.now_us + 2 * HOUR_US
        where = Circle(round(lat * 1e9), round(lon * 1e9), 2_000_000)
        volume = Volume4D(where, 300_000, 900_000, start_us, start_us + 1_800 * SECOND_US)
        rest = (0, 0, Domain.AIR, True, Activity.TRANSPORT, Disclosure.CONFLICT_ONLY)
        self.say(one, Plan(self.random.randbytes(16), 0, *rest), Volumes((volume,)))
        message = self.random.randbytes(16)
        send = Send(message, 0, MessageKind.NOTICE, Precedence.ROUTINE, (other,), "notice", 0)
        self.say(one, send, Text("en", f"Relief flight {self.random.randrange(1000)} is on its way."))
        self.say(other, Acknowledge(MessageSubject(one, message, 1), ""))

    def store(self, folder: Path) -> None:
        """Write it to a data folder."""
        ledger = SqliteLedger(folder, Signer(origin_of("bench", 1), SigningKey(NODE_SEED)))
        entries = list(self.sequencer.store.read())
        for at in track(range(0, len(entries), GROUP), "storing", console=console, transient=True):
            ledger.append(entries[at : at + GROUP], at)
        ledger.close()


def took_s(*words: str) -> float:
    """Seconds of a process that ends well."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def run(quick: bool) -> list[Figure]:
    """The figures; `quick` takes a thirtieth of the entries and says so."""
    year = Year(10_000 if quick else 300_000)
    year.live()
    size = year.sequencer.store.head.size
    span = ("--from", "2000-01-01T00:00:00Z", "--to", "2099-01-01T00:00:00Z")
    with tempfile.TemporaryDirectory() as at:
        folder, whole, own = Path(at) / "year", Path(at) / "whole.zip", Path(at) / "own.zip"
        year.store(folder)
        program = ("-m", "wideberth.cli")
        all_s = took_s(*program, "evidence", str(folder), *span, "--out", str(whole))
        own_s = took_s(*program, "evidence", str(folder), *span, "--party", PARTIES[0], "--out", str(own))
        house_s = took_s(*program, "verify", str(whole))
        alone_s = took_s("-I", "-S", str(own))
        megabytes = whole.stat().st_size / 1e6
    note = (
        f"{size:,} entries; {own_s:.0f} s for what one party was given; the file has {megabytes:.0f} MB; the house "
        f"verifies it in {house_s:.0f} s, a party's file verifies itself, without libsodium, in {alone_s:.0f} s"
    )
    return [Figure("evidence_s_year", "s", all_s, target="≤ 60", met=all_s <= 60, note=note)]
