"""A piece of evidence held against the ledger room: the same questions as the verifier that travels, answered by other
code, with libsodium, and with a verifier that does not come out of the file.

In:  the file, or its entries; what its reader was told of genesis and key.
Out: `Checked`, as the travelling verifier answers it; and every fault found.
"""

import os
import zipfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any, BinaryIO, Final, cast

import msgspec

from wideberth.evidence.layout import layout
from wideberth.evidence.proof import check as travelling
from wideberth.evidence.proof.check import ENTRIES, FAULTS_MAX, LAND, LAYOUT, REPORT, ROWS_MAX, WHOLE, Checked, Faulty
from wideberth.evidence.proof.entries import Given as Row
from wideberth.evidence.proof.notes import Head, Key
from wideberth.evidence.proof.page import render
from wideberth.evidence.proof.story import tell
from wideberth.ledger.checkpoint import KeyKind, Verified, Verifier, origin_of, read_verifier, verify_note
from wideberth.ledger.entry import UNREADABLE, misfitting_part, read_leaf, read_notice
from wideberth.ledger.export import read_export
from wideberth.ledger.merkle import verify_consistency, verify_inclusion
from wideberth.ledger.store import LedgerDamaged
from wideberth.ledger.verify import Given
from wideberth.party.command import NODE_COMMANDS, Accept, Genesis, GrantKey, NewEpoch
from wideberth.party.envelope import Envelope, Signed, check_signatures, open_envelope
from wideberth.party.standard import Vouch
from wideberth.refusal import Refusal
from wideberth.theatre.outcome import Accepted, Decision, decode_decision

ZERO: Final = bytes(32)
SIGNATURES_AT_ONCE: Final = 8_192
SLICE: Final = 512
Progress = Callable[[Iterable[Any], str, int], Iterable[Any]]
_decode_signed = msgspec.msgpack.Decoder(Signed).decode


def silent(things: Iterable[Any], _what: str, _total: int) -> Iterable[Any]:
    """No progress shown."""
    return things


class _Pass:
    """One pass over the entries of a piece of evidence."""

    def __init__(self, manifest: dict[str, Any], threads: ThreadPoolExecutor) -> None:
        self.faults: list[str] = []
        self.keys: list[Verifier] = []
        self.genesis = b""
        self.rows: list[Row] = []
        self.untraced: list[str] = []
        self.figures = dict.fromkeys(("entries", "shown", "absent", "signatures", "notices", "consistent"), 0)
        self.unchecked: list[tuple[int, Envelope, Signed]] = []
        self._threads = threads
        self._theatre, self._last = "", (-1, -1)
        self._known: set[tuple[str, bytes]] = set()
        self._chains: dict[str, tuple[int, bytes]] = {}
        self._proofs = {
            row[0]: (bytes.fromhex(row[1]), [bytes.fromhex(s) for s in row[2]]) for row in manifest["consistency"]
        }
        self._proven: set[tuple[int, bytes]] = set()

    def entries(self, items: Iterable[Given], size: int, root: bytes) -> None:
        """All entries against a checkpoint."""
        for given in items:
            fault = self.entry(given, size, root)
            if fault is not None:
                self.faults.append(f"Entry {given.entry.sequence}: {fault}.")
            if len(self.faults) >= FAULTS_MAX:
                break
        self.check_signatures()

    def entry(self, given: Given, size: int, root: bytes) -> str | None:
        """What is wrong with an entry; None where nothing is."""
        entry = given.entry
        leaf = read_leaf(entry.leaf)
        if isinstance(leaf, Refusal):
            return leaf.limit
        if misfitting_part(leaf.commitments, entry.parts) is not None:
            return f"part {misfitting_part(leaf.commitments, entry.parts)} does not fit its commitment"
        if entry.sequence <= self._last[0] or entry.time_us <= self._last[1]:
            return "it does not come after the entry before it"
        self._last = (entry.sequence, entry.time_us)
        if not verify_inclusion(entry.sequence, size, entry.leaf_hash, given.proof, root):
            return "its inclusion proof does not lead to the checkpoint"
        absent = entry.parts.count(None)
        self.figures["entries"] += 1
        self.figures["absent"] += absent
        self.figures["shown"] += len(entry.parts) - absent
        if len(self.rows) < ROWS_MAX:
            parts = [None if part is None else [part.salt, part.content] for part in entry.parts]
            commitments, proof = list(leaf.commitments), list(given.proof)
            self.rows.append(Row(entry.sequence, entry.time_us, entry.leaf, commitments, parts, proof))
        try:
            return self._envelope(given, size, root, leaf.commitments) or self._notices(given)
        except UNREADABLE as error:
            return f"its parts cannot be read ({error})"

    def _envelope(self, given: Given, size: int, root: bytes, commitments: tuple[bytes, ...]) -> str | None:
        part, answer = given.entry.parts[0], given.entry.parts[1]
        if part is None:
            return None
        signed = _decode_signed(part.content)
        envelope = open_envelope(signed.envelope)
        if isinstance(envelope, Refusal):
            return envelope.sentence()
        self.unchecked.append((given.entry.sequence, envelope, signed))
        if len(self.unchecked) >= SIGNATURES_AT_ONCE:
            self.check_signatures()
        founds = isinstance(envelope.command, Genesis)
        if founds != (given.entry.sequence == 0) or envelope.genesis != (ZERO if founds else self.genesis):
            return "its envelope is for another theatre"
        if isinstance(envelope.command, Genesis | NewEpoch):
            self._epoch(given, envelope.command)
        decision = decode_decision(answer.content) if answer is not None else None
        kept = decision.attached if decision is not None else 0
        if decision is not None and commitments[2 : 2 + kept] != envelope.attached[:kept]:
            return "its attached parts are not those that the envelope names"
        return self._speaker(given, envelope, decision) or self._saw(envelope, size, root)

    def check_signatures(self) -> None:
        """Check the signatures of the entries read so far, on every core: libsodium does not hold the others up."""
        slices = [self.unchecked[at : at + SLICE] for at in range(0, len(self.unchecked), SLICE)]
        for found in self._threads.map(_misfits, slices):
            self.faults.extend(found)
        self.figures["signatures"] += sum(len(envelope.keys) for _, envelope, _ in self.unchecked)
        self.unchecked.clear()

    def _epoch(self, given: Given, command: Genesis | NewEpoch) -> None:
        if isinstance(command, Genesis):
            self.genesis, self._theatre = given.entry.leaf_hash, command.theatre
            for founder in command.founders:
                self._known |= {(founder.party, key) for key in (*founder.root.keys, founder.watch.key)}
        self.keys.append(Verifier(origin_of(self._theatre, command.epoch), command.node_key))

    def _speaker(self, given: Given, envelope: Envelope, decision: Decision | None) -> str | None:
        command, party = envelope.command, envelope.party
        if isinstance(command, (*NODE_COMMANDS, Vouch)):
            good = bool(self.keys) and envelope.keys == (self.keys[-1].public_key,)
            return None if good else "it is not by the node of this theatre"
        if not party:
            return "nobody says it"
        if isinstance(command, Accept):
            self._known |= {(party, key) for key in command.root.keys}
        strange = next((key for key in envelope.keys if (party, key) not in self._known), None)
        if strange is not None:
            self.untraced.append(f"entry {given.entry.sequence}: {party} {strange.hex()}")
        elif decision is not None and isinstance(decision.outcome, Accepted):
            if isinstance(command, Accept):
                self._known.add((party, command.watch.key))
            elif isinstance(command, GrantKey):
                self._known.add((party, command.grant.key))
        return None

    def _saw(self, envelope: Envelope, size: int, root: bytes) -> str | None:
        first, seen = envelope.seen
        if not first or first not in self._proofs:
            return None
        if (first, seen) not in self._proven:
            named, steps = self._proofs[first]
            if named != seen or not verify_consistency(first, size, seen, root, steps):
                return f"the ledger of {first} entries that its speaker saw is not the beginning of this one"
            self._proven.add((first, seen))
        self.figures["consistent"] += 1
        return None

    def _notices(self, given: Given) -> str | None:
        entry = given.entry
        for part in entry.parts[2:]:
            if part is None or not part.content.startswith(b"\x97\xb2wideberth/notice/1"):
                continue
            notice = read_notice(part.content)
            if isinstance(notice, Refusal):
                return notice.limit
            if (notice.sequence, notice.time_us) != (entry.sequence, entry.time_us):
                continue
            last, head = self._chains.get(notice.party, (0, ZERO))
            if notice.number <= last or (notice.number == last + 1 and notice.previous_head != head):
                return f"notice {notice.number} to {notice.party} does not follow the one before it"
            self._chains[notice.party] = (notice.number, sha256(part.content).digest())
            self.figures["notices"] += 1
        return None


def _misfits(rows: list[tuple[int, Envelope, Signed]]) -> list[str]:
    """What is wrong with the signatures of envelopes."""
    checked = ((sequence, check_signatures(e, signed.envelope, signed.signatures)) for sequence, e, signed in rows)
    return [f"Entry {sequence}: {no.sentence()}" for sequence, no in checked if no is not None]


def examine(
    file: BinaryIO,
    manifest: dict[str, Any],
    tables: dict[str, Any],
    progress: Progress = silent,
    total: int = 0,
    key: str = "",
    genesis: str = "",
) -> Checked:
    """Check the entries alone."""
    nothing = Checked(manifest, tables, {}, None, "", [], {}, [], [], [])
    export = read_export(file)
    if isinstance(export, Refusal):
        return nothing._replace(unsound=[export.sentence()])
    claimed = _claimed(export.note)
    if claimed is None:
        return nothing._replace(unsound=["The checkpoint cannot be read."])
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        going = _Pass(manifest, threads)
        if export.party != (manifest["made"]["party"] or WHOLE):
            going.faults.append("The entries were made for somebody else than the manifest says.")
        try:
            going.entries(progress(export.items(), "verifying", total), *claimed)
        except LedgerDamaged as damage:
            return nothing._replace(unsound=[str(damage), *going.faults])
    named = [read_verifier(text) for text in (*([key] if key else []), *manifest["witnesses"])]
    known = [*([] if key else going.keys), *(v for v in named if isinstance(v, Verifier))]
    verified = verify_note(export.note, known)
    wrong = next((no for no in (*named, verified) if isinstance(no, Refusal)), None)
    if wrong is not None or isinstance(verified, Refusal):
        return nothing._replace(unsound=[*([wrong.sentence()] if wrong is not None else []), *going.faults])
    faults = going.faults
    names = [row.by.name for row in verified.signed if row.by.kind is KeyKind.SIGNED_NOTE]
    last = going.keys[-1] if going.keys else None
    if (
        last is None
        or verified.checkpoint.origin not in names
        or (not key and last not in [s.by for s in verified.signed])
    ):
        faults.append("The checkpoint is not signed by the last node key of this ledger.")
    wanted = genesis.replace(" ", "").lower()
    if wanted and wanted != going.genesis.hex():
        faults.insert(0, f"The genesis is {going.genesis.hex()}, not the one that you were told.")
    nodes = [_key(verifier) for verifier in going.keys]
    head = _head(verified)
    return Checked(
        manifest, tables, {}, head, going.genesis.hex(), nodes, going.figures, going.rows, going.untraced, faults
    )


def _claimed(note: bytes) -> tuple[int, bytes] | None:
    """Size and root as a note says them; what it says is verified once the keys are known."""
    from wideberth.ledger.checkpoint import read_note

    read = read_note(note)
    return None if isinstance(read, Refusal) else (read.checkpoint.size, read.checkpoint.root)


def _key(verifier: Verifier) -> Key:
    return Key(verifier.name, int(verifier.kind), verifier.public_key)


def _head(verified: Verified) -> Head:
    checkpoint = verified.checkpoint
    signed = tuple((_key(row.by), row.time_s) for row in verified.signed)
    return Head(checkpoint.origin, checkpoint.size, checkpoint.root, signed)


def verify(
    archive: zipfile.ZipFile, program: dict[str, bytes], version: str, key: str = "", genesis: str = ""
) -> tuple[Checked | None, list[str]]:
    """Check a whole file. `program` is the verifier as this version writes it, `version` who would write it.

    Of a file that another version made, the report and the names of fields are not compared: ask that version.
    """
    try:
        manifest = travelling.members(archive)
        tables, land = (travelling.read_json(archive.read(name), name) for name in (LAYOUT, LAND))
        with archive.open(ENTRIES) as file:
            checked = examine(cast(BinaryIO, file), manifest, tables, key=key, genesis=genesis)._replace(land=land)
        faults = list(checked.unsound)
        same = manifest["made"]["by"] == version
        if same and (tables != layout() or any(archive.read(name) != code for name, code in program.items())):
            faults.append("Its verifier or its names of fields are not those that this version writes.")
        if same and checked.head is not None and not faults and render(checked, tell(checked)) != archive.read(REPORT):
            faults.append(f"{REPORT} does not show what the entries say.")
    except Faulty as fault:
        return None, [f"{fault}."]
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        EOFError,
        RuntimeError,
        LookupError,
        ValueError,
        TypeError,
    ) as error:
        return None, [f"The file is damaged ({type(error).__name__}: {error})."]
    return checked, faults
