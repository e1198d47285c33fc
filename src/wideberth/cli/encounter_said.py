"""What both sides of an encounter said and were told by the ledger: their reports of it, calls and warnings.

In:  a piece of evidence; or a data folder, a backup or an export; or a node and a watch key. The encounter.
Out: `Said`, what a ledger shows of that time, and the versions of the encounter that were filed, whenever they were.
Stops where the source is not sound. From what a party was given, no more than that party holds.
"""

import time
import zipfile
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any, Final
from uuid import UUID

from wideberth.cli.evidence import MAKER, checked_copy, may_see_of
from wideberth.cli.out import FOUND, Stop, tracked
from wideberth.cli.reach import expected, reaching
from wideberth.encounter.join import Encounter
from wideberth.encounter.rebuild import Said, context_us
from wideberth.evidence.bundle import Order, make, program
from wideberth.evidence.proof.check import Checked
from wideberth.evidence.proof.story import Line, tell
from wideberth.evidence.subject import Subject
from wideberth.evidence.verify import verify
from wideberth.ledger.store import LedgerDamaged
from wideberth.party.standard import uuid4_of
from wideberth.refusal import Refusal

UTC: Final[dict[str, Any]] = {"name": "UTC", "offsets": [[0, 0]]}


def filed_as(one: Encounter) -> UUID:
    """The id by which the ledger knows an encounter: for both sides the same, where the recordings agree on it."""
    return UUID(bytes=uuid4_of("encounter", one.id))


def said_in_evidence(file: Path, one: Encounter) -> list[Said]:
    """What a piece of evidence shows; stops where it is not sound."""
    try:
        with zipfile.ZipFile(file) as archive:
            checked, faults = verify(archive, program(), MAKER)
    except zipfile.BadZipFile as error:
        raise Stop(f"{file}: it is no file that `wideberth evidence` made ({error}).") from error
    if checked is None or faults:
        raise Stop(f"{file}: not sound. {' '.join(faults)}", FOUND)
    return _said(checked, one)


def said_in_ledger(source: Path, party: str, one: Encounter) -> list[Said]:
    """What a ledger, or what a party was given of it, shows; stops where it is not sound."""
    from wideberth.cli.copies import read_folder

    store = read_folder(source) if source.is_dir() else checked_copy(source)
    may_see, whose = may_see_of(store, party)
    from_us, to_us = context_us(one)
    subjects = Subject("period", from_us=from_us, to_us=to_us + 1), Subject("encounter", "", filed_as(one).hex)
    found: list[Said] = []
    for subject in subjects:
        order = Order(subject=subject, party=whose, now_us=time.time_ns() // 1_000, maker=MAKER, zone=UTC)
        try:
            with TemporaryFile() as file, TemporaryFile() as scratch:
                checked = make(store, file, scratch, order, may_see, _tracked)
        except LedgerDamaged as damage:
            raise Stop(f"{source}: {damage} See: wideberth verify {source}", FOUND) from damage
        if not isinstance(checked, Refusal):  # else there is nothing of that time, or no version of it
            found += _said(checked, one)
    return list(dict.fromkeys(found))


def said_by_node(url: str, key: Path, authority: Path | None, one: Encounter) -> list[Said]:
    """What the key's party was given by a node."""
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "given.wideberth-export"
        with reaching(url, key, authority) as client, copy.open("xb") as file:
            expected(client.export(file))
        return said_in_ledger(copy, "", one)


def _tracked(entries: Iterable[Any], what: str, total: int) -> Iterable[Any]:
    return tracked(entries, what, total)


def _said(checked: Checked, one: Encounter) -> list[Said]:
    filed = ("encounter", str(filed_as(one)))
    return [
        Said(r.time_us, line.party or "the ledger", line.kind, _text(line), r.sequence, filed in line.facts)
        for r in tell(checked).rows
        for line in r.lines
    ]


def _text(line: Line) -> str:
    free = "".join(f" «{text}» ({language}, untranslated)" for language, text in line.words)
    return f"{line.what}{free}" + (
        f"; {'; '.join(f'{name} {value}' for name, value in line.facts)}" if line.facts else ""
    )
