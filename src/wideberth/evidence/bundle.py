"""The file: a zip that Python runs, with entries, proofs, keys, names of fields, land, report and verifier in it.

In:  a source (a checked ledger, or a party's own copy), what is to be shown, what the maker states.
Out: the file, written to a binary file; what was checked of it while making.
Refuses (`Refusal`): a subject of which nothing is found. Raises `LedgerDamaged` where the source is not sound.

Every member is stored with a fixed date, so the same input gives the same bytes from one zlib to the next but for the
compression. The manifest lists all others with their SHA-256. Nothing is compressed twice.
"""

import zipfile
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from importlib.resources import files
from typing import IO, Any, BinaryIO, Final, Protocol, cast

import msgspec

from wideberth.evidence.layout import layout
from wideberth.evidence.proof.check import (
    ENTRIES,
    FORMAT,
    LAND,
    LAYOUT,
    MANIFEST,
    REPORT,
    WHOLE,
    Checked,
    canonical,
)
from wideberth.evidence.proof.drawings import bounds
from wideberth.evidence.proof.page import PDF, render
from wideberth.evidence.proof.story import Story, tell
from wideberth.evidence.subject import Chosen, MaySee, Subject, choose
from wideberth.evidence.verify import examine
from wideberth.ledger.entry import Entry
from wideberth.ledger.export import export_given
from wideberth.ledger.merkle import Tree
from wideberth.ledger.store import Head, LedgerDamaged, Store
from wideberth.party.envelope import decode_envelope
from wideberth.refusal import Refusal
from wideberth.space.land import cut

CODE: Final = (
    "__init__",
    "packed",
    "ed25519",
    "trees",
    "notes",
    "entries",
    "check",
    "alerts",
    "story",
    "drawings",
    "page",
    "main",
)
STARTER: Final = b"""# Run as `python3 FILE.zip`: verifies this file with the standard library alone.
import sys

sys.dont_write_bytecode = True
from proof.main import main

sys.exit(main(sys.path[0]))
"""
LEAVE: Final = b"""A piece of evidence. Verify it with the standard library of Python alone:

    python3 FILE.zip

or with `wideberth verify FILE.zip`, whose verifier does not come out of this file. report.html is for reading, in any
browser, also on paper; entries.wbx holds the bytes and proofs. What it proves and what not stands on the report.
"""
DATE: Final = (1980, 1, 1, 0, 0, 0)
CONSISTENCY_MAX: Final = 2_000
"""Proofs that a checkpoint which somebody saw lies in the ledger; the manifest counts those left out."""


class Source(Protocol):
    """What evidence is made from."""

    @property
    def party(self) -> str:
        """Whose copy it is; "" for a whole ledger."""

    @property
    def head(self) -> Head:
        """The signed head that covers the entries."""

    @property
    def tree(self) -> Tree | None:
        """The tree; None where only proofs were handed on."""

    def read(self, from_sequence: int = 0, limit: int | None = None) -> Iterator[Entry]:
        """Entries in order, each checked."""

    def proof(self, sequence: int) -> tuple[bytes, ...]:
        """The inclusion proof of an entry that `read` gives."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What the maker asks for and states."""

    subject: Subject
    party: str
    """Whose it is; "" for a whole ledger."""
    now_us: int
    maker: str
    zone: dict[str, Any]
    """{"name", "offsets": [[from_us, offset_s], ...]}"""
    note: bytes = b""
    """A checkpoint of the same head with cosignatures."""
    witnesses: tuple[str, ...] = ()
    land: dict[str, Any] = {}


Progress = Callable[[Iterable[Entry], str, int], Iterable[Entry]]
Paper = Callable[[Checked, Story], bytes]


class _Out:
    """The store as an export reads it: the chosen entries alone."""

    def __init__(self, source: Source, chosen: Chosen, progress: Progress) -> None:
        self.head, self.tree = source.head, self
        self._source, self._chosen, self._progress = source, chosen, progress
        self.saw: dict[int, bytes] = {}
        """Sizes and roots that speakers say to have seen."""

    def read(self, from_sequence: int = 0, limit: int | None = None) -> Iterator[Entry]:
        """The chosen ones."""
        for entry in self._progress(self._source.read(from_sequence, limit), "writing", self.head.size):
            if entry.sequence in self._chosen:
                self._note(entry)
                yield entry

    def _note(self, entry: Entry) -> None:
        part = entry.parts[0]
        if part is not None and 0 in self._chosen[entry.sequence]:
            size, root = decode_envelope(msgspec.msgpack.decode(part.content)[0]).seen
            if size:
                self.saw[size] = root

    def inclusion_proof(self, sequence: int, _size: int) -> tuple[bytes, ...]:
        """Of a chosen entry."""
        return self._source.proof(sequence)


def make(
    source: Source,
    file: IO[bytes],
    scratch: IO[bytes],
    order: Order,
    may_see: MaySee,
    progress: Progress,
    paper: Paper | None = None,
) -> Checked | Refusal:
    """Write the file; what was checked of it. `may_see` answers the parts of an entry that may be shown; `scratch` is
    an empty file that may be written and read."""
    size = source.head.size
    found = choose(lambda what: progress(source.read(), what, size), may_see, order.subject)
    if isinstance(found, Refusal):
        return found
    subject, chosen = found
    out, erased = _Out(source, chosen, progress), list[list[int]]()

    def shown(entry: Entry) -> set[int]:
        if not source.party:
            erased.extend([entry.sequence, i] for i, part in enumerate(entry.parts) if part is None)
        return chosen[entry.sequence]

    export_given(cast(Store, out), cast(BinaryIO, scratch), order.party or WHOLE, shown, order.note or None)
    manifest = _manifest(source, msgspec.structs.replace(order, subject=subject), out.saw, erased)
    tables = layout()
    scratch.seek(0)
    checked = examine(cast(BinaryIO, scratch), manifest, tables, progress, len(chosen))
    if checked.unsound:
        raise LedgerDamaged(0, checked.unsound[0])
    scratch.seek(0)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        _write(archive, scratch, checked, order, paper)
    return checked


def _manifest(source: Source, order: Order, saw: dict[int, bytes], erased: list[list[int]]) -> dict[str, Any]:
    """What the maker states; members are added as they are written."""
    proven, lost = list[list[object]](), 0
    for size, root in sorted(saw.items()):
        fits = source.tree is not None and size <= source.head.size and source.tree.root(size) == root
        if fits and source.tree is not None and len(proven) < CONSISTENCY_MAX:
            steps = source.tree.consistency_proof(size, source.head.size)
            proven.append([size, root.hex(), [step.hex() for step in steps]])
        else:
            lost += 1
    return {
        "format": FORMAT,
        "made": {"time_us": order.now_us, "by": order.maker, "party": order.party},
        "subject": {"kind": order.subject.kind, "name": order.subject.name},
        "zone": order.zone,
        "witnesses": list(order.witnesses),
        "consistency": proven,
        "erased": erased,
        "left_out": {"proofs of a ledger that a speaker had seen": lost} if lost else {},
        "members": {},
    }


def _write(archive: zipfile.ZipFile, scratch: IO[bytes], checked: Checked, order: Order, paper: Paper | None) -> None:
    """All members; the report is made from what was checked, the manifest comes last."""
    manifest = checked.manifest
    add = _Adding(archive, manifest["members"])
    add.whole("README.txt", LEAVE)
    for name, code in program().items():
        add.whole(name, code)
    add.stream(ENTRIES, scratch)
    add.whole(LAYOUT, canonical(checked.layout))
    story = tell(checked)
    land = cut(order.land, bounds(story.shapes))
    add.whole(LAND, canonical(land))
    checked = checked._replace(land=land)
    add.whole(REPORT, render(checked, story))
    if paper is not None:
        add.whole(PDF, paper(checked, story))
    archive.writestr(_info(MANIFEST), canonical(manifest))


class _Adding:
    """Writes members and lists them."""

    def __init__(self, archive: zipfile.ZipFile, listed: dict[str, list[object]]) -> None:
        self._archive, self._listed = archive, listed

    def whole(self, name: str, data: bytes) -> None:
        """A member at once."""
        self._archive.writestr(_info(name), data)
        self._listed[name] = [len(data), sha256(data).hexdigest()]

    def stream(self, name: str, source: IO[bytes]) -> None:
        """A member piece by piece."""
        digest, size = sha256(), 0
        with self._archive.open(_info(name, 1), "w", force_zip64=True) as sink:
            while piece := source.read(1 << 20):
                digest.update(piece)
                size += len(piece)
                sink.write(piece)
        self._listed[name] = [size, digest.hexdigest()]


def _info(name: str, level: int = 6) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, DATE)
    info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
    setattr(info, "_compresslevel", level)  # noqa: B010  the only way for a stream in Python 3.11
    return info


def program() -> dict[str, bytes]:
    """The verifier as it travels: its members by name."""
    own = files("wideberth.evidence.proof")
    code = {f"proof/{name}.py": own.joinpath(f"{name}.py").read_bytes() for name in CODE}
    shown = files("wideberth.words").joinpath("show.py").read_bytes()
    return {"__main__.py": STARTER, **code, "proof/show.py": shown}
