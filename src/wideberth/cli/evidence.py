"""`evidence`: one file that shows others what was said and told, and that anybody can verify.

In:  a data folder, a backup, or an export: a whole ledger, or what one party was given; what is to be shown.
Out: a zip that Python runs.
Refuses (exit status 2) what is no ledger, names that exist, subjects of which nothing is found; ends with 1 where the
ledger is not sound.
"""

import importlib.util
import json
import os
import time
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Annotated, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cyclopts import Parameter

import wideberth
from wideberth.cli.copies import FolderStore, read_folder
from wideberth.cli.ledgers import find
from wideberth.cli.out import FOUND, Stop, accepted, figure, say, say_json, some, tracked
from wideberth.evidence.bundle import Order, Paper, make, program
from wideberth.evidence.given import held, parts_given
from wideberth.evidence.proof.main import report
from wideberth.evidence.subject import MaySee, Subject
from wideberth.evidence.verify import verify
from wideberth.intake.times import parse_time
from wideberth.ledger.checkpoint import read_note
from wideberth.ledger.entry import Entry
from wideberth.ledger.export import Export, read_export
from wideberth.ledger.head import private
from wideberth.ledger.merkle import Tree
from wideberth.ledger.store import Head, LedgerDamaged
from wideberth.party.command import Genesis
from wideberth.refusal import Refusal
from wideberth.sequencer import envelope_of

MAKER: Final = f"wideberth {wideberth.__version__}"
LAND: Final = Path(wideberth.__file__).parent / "web" / "land"
FONTS: Final = Path(wideberth.__file__).parent / "voice" / "fonts"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
HOUR_US: Final = 3_600_000_000


class CopySource:
    """An export as a source of evidence: a whole ledger, or what one party was given, with its proofs."""

    def __init__(self, path: Path) -> None:
        """Read it once; LedgerDamaged where it stops being an export. Signatures are checked while making."""
        self._path = path
        self._last: tuple[int, tuple[bytes, ...]] = (-1, ())
        tree = Tree()
        with path.open("rb") as file:
            export = self._open(file)
            self.party = export.party
            for entry in export.entries():
                if not self.party:
                    tree.append(entry.leaf_hash)
        self.tree: Tree | None = None if self.party else tree
        read = accepted(read_note(export.note))
        self.head = Head(read.checkpoint.size, read.checkpoint.root, export.note)

    def _open(self, file: IO[bytes]) -> Export:
        return accepted(read_export(file))  # type: ignore[arg-type]

    def read(self, from_sequence: int = 0, limit: int | None = None) -> Iterator[Entry]:
        """Its entries, in order, at most `limit`."""
        with self._path.open("rb") as file:
            for given in islice(self._open(file).items(), limit):
                self._last = (given.entry.sequence, given.proof)
                if given.entry.sequence >= from_sequence:
                    yield given.entry

    def proof(self, sequence: int) -> tuple[bytes, ...]:
        """Of the entry that was read last, or of any of a whole ledger."""
        if self.tree is not None:
            return self.tree.inclusion_proof(sequence, self.head.size)
        assert sequence == self._last[0], "asked for as it was read"
        return self._last[1]


def evidence(
    source: Annotated[Path, Parameter(help="A data folder, a backup, or an export file.")],
    *,
    out: Annotated[Path, Parameter(help="The file to make, a zip.")],
    message: Annotated[str, Parameter(help="A message, as SENDER/ID.")] = "",
    conflict: Annotated[str, Parameter(help="A conflict, by its id.")] = "",
    operation: Annotated[str, Parameter(help="An operation, as ID or PARTY/ID.")] = "",
    alert: Annotated[str, Parameter(help="An alert of the live watch, by its id.")] = "",
    encounter: Annotated[str, Parameter(help="An encounter that was filed, by its id in the ledger.")] = "",
    from_: Annotated[str, Parameter(name="--from", help="All from this time on (RFC 3339).")] = "",
    to: Annotated[str, Parameter(help="Up to this time.")] = "",
    party: Annotated[str, Parameter(help="Only what this party was given.")] = "",
    zone: Annotated[str, Parameter(help="Local time on the report, such as Europe/Kyiv; else the theatre's.")] = "",
    note: Annotated[Path | None, Parameter(help="The same checkpoint with witnesses' cosignatures.")] = None,
    witness: Annotated[list[str] | None, Parameter(negative="", help="A witness's key, name+id+base64.")] = None,
    pdf: Annotated[bool, Parameter(negative="--no-pdf", help="With report.pdf.")] = True,
) -> int:
    """Make one file about a message, conflict, operation, alert, encounter or span of time, for others to verify.

    It holds the entries with proofs, what may be shown of their parts, both sides' versions, a report to read, and a
    verifier: python3 FILE.zip. An id may be shortened while it stays the only one. Without --party everything that the
    ledger has about it is shown; from what one party was given, or with --party, no more than that party holds.

    Example: wideberth evidence /var/lib/wideberth --conflict 7c0e --party HAS --out case.zip
    """
    if out.exists():
        raise Stop(f"{out} exists; name a new file.")
    named = {"message": message, "conflict": conflict, "operation": operation, "alert": alert, "encounter": encounter}
    subject = _subject(named, from_, to)
    store = read_folder(source) if source.is_dir() else _copy(source)
    may_see, whose = may_see_of(store, party)
    order = Order(
        subject=subject,
        party=whose,
        now_us=time.time_ns() // 1_000,
        maker=MAKER,
        zone=_zone(store, zone),
        note=note.read_bytes() if note is not None else b"",
        witnesses=tuple(witness or ()),
        land=_land(store),
    )
    fresh = out.with_name(out.name + ".new")
    try:
        with open(fresh, "xb", opener=private) as file, TemporaryFile(dir=out.parent) as scratch:
            checked = accepted(make(store, file, scratch, order, may_see, _tracked, _paper() if pdf else None))
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(out)
    except LedgerDamaged as damage:
        raise Stop(f"{source}: {damage} See: wideberth verify {source}", FOUND) from damage
    finally:
        fresh.unlink(missing_ok=True)
    figures = checked.figures
    shown = f"{some(figures['shown'], 'part')} shown, {figure(figures['absent'])} withheld or erased"
    say(f"{out}: {some(figures['entries'], 'entry', 'entries')} about {checked.manifest['subject']['name']}, {shown}.")
    say(f"Check it with: python3 {out}, or: wideberth verify {out}")
    return 0


def _tracked(entries: Iterable[Any], what: str, total: int) -> Iterable[Any]:
    return tracked(entries, what, total)


def _subject(asked: dict[str, str], from_: str, to: str) -> Subject:
    given = asked | {"period": from_ or to}
    named = [kind for kind, text in given.items() if text]
    if len(named) != 1:
        raise Stop(f"Name one of {', '.join(f'--{kind}' for kind in asked)}, or --from and --to.")
    (kind,) = named
    if kind == "period":
        start, end = span_of(from_, to)
        return Subject("period", from_us=start, to_us=end)
    owner, slash, thing = given[kind].rpartition("/")
    digits = thing.replace("-", "").lower()
    if not 4 <= len(digits) <= 32 or any(c not in "0123456789abcdef" for c in digits):
        raise Stop(f"--{kind}: an id of hexadecimal digits, at least its first 4, is needed: {given[kind]!r}.")
    if kind == "message" and not slash:
        raise Stop("--message: ids are per sender; write SENDER/ID.")
    return Subject(kind, owner, digits)


def span_of(from_: str, to: str) -> tuple[int, int]:
    """Beginning and end of a span of time, us since 1970."""
    if not (from_ and to):
        raise Stop("A span of time has both --from and --to.")
    start, end = accepted(parse_time(from_, "from")), accepted(parse_time(to, "to", up=True))
    if start >= end:
        raise Stop("--to is not after --from.")
    return start, end


def checked_copy(path: Path) -> CopySource:
    """An export, after everything in it was checked; the command stops where it is not sound."""
    copy = _copy(path)
    finding = find(path)
    if not finding.sound:
        raise Stop(f"{path}: {finding.faults[0]} See: wideberth verify {path}", FOUND)
    return copy


def _copy(path: Path) -> CopySource:
    with path.open("rb") as file:
        export = read_export(file)
    if isinstance(export, Refusal):
        raise Stop(f"{path}: no data folder and no export of a ledger ({export.limit}).")
    return CopySource(path)


def may_see_of(store: FolderStore | CopySource, party: str) -> tuple[MaySee, str]:
    """What of an entry may be shown, and whose it is."""
    if store.party:
        if party not in ("", store.party):
            raise Stop(f"This is what {store.party} was given; it cannot show what {party} was.")
        return _all_there, store.party
    if not party:
        return _all_there, ""
    known = held(party, tracked(store.read(), "reading", store.head.size))
    if not known.occurs:
        raise Stop(f"{party} neither spoke nor was told anything in this ledger. Is the name right?")
    named = known.commitments()
    return (lambda entry: {i for i in parts_given(entry, party, named) if entry.parts[i] is not None}), party


def _all_there(entry: Entry) -> set[int]:
    return {index for index, part in enumerate(entry.parts) if part is not None}


def _first(store: FolderStore | CopySource) -> Genesis:
    """What the theatre was founded with."""
    entry = next(store.read(0, 1), None)
    command = envelope_of(entry).command if entry is not None and entry.sequence == 0 and entry.parts[0] else None
    if not isinstance(command, Genesis):
        raise Stop("The founding entry is not there.")
    return command


def _zone(store: FolderStore | CopySource, name: str) -> dict[str, Any]:
    """Offsets from UTC over the ledger's time: of a zone by its name, or the one that the charter states."""
    if not name:
        seconds = _first(store).charter.local_offset_s
        return {"name": "the theatre's local time", "offsets": [[0, seconds]]}
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Stop(f"--zone: no time zone is known as {name!r} (such as Europe/Kyiv).") from error
    times = [entry.time_us for entry in store.read()]
    offsets: list[list[int]] = []
    for at_us in range(times[0] - times[0] % HOUR_US, times[-1] + HOUR_US, HOUR_US):
        shift = (EPOCH + timedelta(microseconds=at_us)).astimezone(zone).utcoffset()
        seconds = round(shift.total_seconds()) if shift is not None else 0
        if not offsets or offsets[-1][1] != seconds:
            offsets.append([at_us if offsets else 0, seconds])
    return {"name": name, "offsets": offsets}


def _land(store: FolderStore | CopySource) -> dict[str, Any]:
    """The land that is shipped: a theatre's own, where there is one, else the world's."""
    own = json.loads((LAND / "index.json").read_bytes()).get(_first(store).theatre)
    land: dict[str, Any] = json.loads((LAND / (own or "world.json")).read_bytes())
    layers: dict[str, Any] = land.get("layers", land)
    return layers


def _paper() -> Paper | None:
    """What makes the PDF, where typst is installed."""
    if importlib.util.find_spec("typst") is None:
        return None
    from wideberth.evidence.paper import paper

    return paper(FONTS)


# verifying


def verify_evidence(path: Path, genesis: str, key: str, as_json: bool) -> int:
    """Check a piece of evidence with this version's own code; 0 where it is sound."""
    with zipfile.ZipFile(path) as archive:
        checked, faults = verify(archive, program(), MAKER, key, genesis)
    if as_json:
        figures = checked.figures if checked is not None else {}
        subject = checked.manifest["subject"]["name"] if checked is not None else ""
        told = checked.genesis if checked is not None else ""
        say_json(
            {"sound": not faults, "kind": "evidence", "subject": subject, "genesis": told, **figures, "faults": faults}
        )
    else:
        say(report(checked, faults, str(path)))
        if checked is not None and checked.manifest["made"]["by"] != MAKER:
            say(f"Made by {checked.manifest['made']['by']}: its report was not compared; that version compares it.")
    return FOUND if faults else 0
