"""A small story on the hotline and in a conflict, its evidence in memory, and ways to tamper with it."""

import io
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from hashlib import sha256
from typing import Any, NamedTuple

from lines import Lines, cell
from worlds import HOUR, START_US

from wideberth.evidence.bundle import Order, make
from wideberth.evidence.given import held, parts_given
from wideberth.evidence.proof.check import MANIFEST, Checked, canonical, read_json
from wideberth.evidence.subject import Subject
from wideberth.ledger.entry import Entry
from wideberth.ledger.merkle import Tree
from wideberth.ledger.store import Head, Store
from wideberth.party.command import SignHead
from wideberth.party.hotline import AnswerKind, Precedence
from wideberth.refusal import Refusal

MAKER = "wideberth test"


class Source:
    """A store in memory as a source of evidence."""

    party = ""

    def __init__(self, store: Store) -> None:
        self.store = store

    @property
    def head(self) -> Head:
        """The signed head."""
        return self.store.head

    @property
    def tree(self) -> Tree | None:
        """The tree."""
        return self.store.tree

    def read(self, from_sequence: int = 0, limit: int | None = None) -> Iterator[Entry]:
        """All entries."""
        return self.store.read(from_sequence, limit)

    def proof(self, sequence: int) -> tuple[bytes, ...]:
        """The inclusion proof of one."""
        return self.store.tree.inclusion_proof(sequence, self.head.size)


class Told(NamedTuple):
    """The story: AAA warns BBB and CCC; BBB's headquarters has it, its battery says "not ours"; then plans cross."""

    world: Lines
    message: bytes
    other: bytes
    """A message of CCC's to AAA, which has nothing to do with the first."""
    plan: bytes
    conflict: bytes


@cache
def told() -> Told:
    """The story, told once; do not change the world."""
    world = Lines()
    world.tree("BBB", cell("HQ"), cell("B1", "HQ"))
    message, _ = world.tell(
        "AAA", "BBB", volumes=(world.box(),), text="Medics on the road.", precedence=Precedence.FLASH
    )
    other, _ = world.tell("CCC", "AAA", text="A word between the two of us.")
    world.wait(70)
    world.receive("BBB", "AAA", message, "HQ")
    world.wait(130)
    world.reply("BBB", "AAA", message, AnswerKind.NOT_OURS, "B1")
    last = list(world.sequencer.notices("BBB", 0, 1000))[-1]
    world.speak("BBB", SignHead(last.number, last.head))
    head = world.store.head
    plan, _ = world.plan("AAA", world.box())
    _, answer = world.plan("BBB", world.box(radius_m=4_000))
    assert answer.accepted is not None
    world.send(world.seal("AAA", SignHead(1, bytes(32)), changes={"seen": (head.size, head.root)}))
    return Told(world, message, other, plan, answer.accepted.conflicts[0])


def of_message(story: Told) -> Subject:
    """The first message."""
    return Subject("message", "AAA", story.message.hex())


def all_of_it() -> Subject:
    """The whole time."""
    return Subject("period", from_us=START_US - HOUR, to_us=START_US + 24 * HOUR)


def made(subject: Subject, party: str = "", story: Told | None = None, **changes: Any) -> tuple[bytes, Checked]:
    """The file, and what was checked while making."""
    source = Source((story or told()).world.store)
    may_see: Callable[[Entry], set[int]]
    if party:
        named = held(party, source.read()).commitments()
        may_see = lambda entry: parts_given(entry, party, named)  # noqa: E731
    else:
        may_see = lambda entry: {i for i, part in enumerate(entry.parts) if part is not None}  # noqa: E731
    zone = {"name": "Test", "offsets": [[0, 7_200]]}
    order = Order(subject=subject, party=party, now_us=START_US + HOUR, maker=MAKER, zone=zone, **changes)
    out = io.BytesIO()
    checked = make(source, out, io.BytesIO(), order, may_see, lambda entries, *_: entries)
    assert not isinstance(checked, Refusal), checked.sentence()
    return out.getvalue(), checked


def members(file: bytes) -> dict[str, bytes]:
    """The members by name."""
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(parts: dict[str, bytes]) -> zipfile.ZipFile:
    """A zip of these members, with right checksums, to be read."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return zipfile.ZipFile(out)


def relisted(parts: dict[str, bytes]) -> dict[str, bytes]:
    """The same with a manifest that lists the members as they are now."""
    manifest = read_json(parts[MANIFEST], MANIFEST)
    manifest["members"] = {n: [len(d), sha256(d).hexdigest()] for n, d in parts.items() if n != MANIFEST}
    return parts | {MANIFEST: canonical(manifest)}


def reframed(entries: bytes) -> bytes:
    """The file of entries with its end made to fit what stands before it."""
    before = entries[: len(entries) - 4 - 40]
    return entries[: len(entries) - 32] + sha256(before).digest() if len(entries) > 44 else entries
