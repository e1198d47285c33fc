"""`verify` and `replay`: is a ledger what it claims to be, and what does it come to?

In:  a data folder, a backup, or an export file. A folder is read without changing it, also while its node runs.
Out: findings for people or programs.
Refuses (exit status 2) what is no ledger; ends with 1 where a ledger is not sound.
"""

import contextlib
import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from cyclopts import Parameter

from wideberth.cli.audit import Audit, conflicts_by_state, first_notice, operations_by_state
from wideberth.cli.out import (
    FAILED,
    FOUND,
    Stop,
    accepted,
    clock,
    figure,
    row,
    say,
    say_json,
    show,
    some,
    table,
    tracked,
)
from wideberth.keys import spoken
from wideberth.ledger.checkpoint import Verifier, origin_of, read_verifier, verify_note
from wideberth.ledger.entry import Entry
from wideberth.ledger.export import Export, read_export
from wideberth.ledger.store import LedgerDamaged
from wideberth.ledger.stored import DATABASE, Stored, checked_row, stored_entries
from wideberth.ledger.verify import Report, verify_given
from wideberth.ledger.verify import verify as verify_entries
from wideberth.party.command import Genesis, NewEpoch
from wideberth.party.envelope import Envelope
from wideberth.refusal import Refusal
from wideberth.sequencer import envelope_of
from wideberth.theatre.record import replay as replay_entry
from wideberth.theatre.state import State

_LEDGER_ROWS: Final = (
    "SELECT sequence, leaf, parts FROM entry WHERE sequence = 0 OR instr(parts, CAST('new_epoch' AS BLOB)) > 0 "
    "ORDER BY sequence"
)

GIVEN: Final = "given to"

LedgerPath = Annotated[Path, Parameter(help="A data folder, a backup, or an export file.")]
Json = Annotated[bool, Parameter(negative="", help="Print JSON.")]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What `verify` found. `covered` counts the entries under the signed head; hashes and keys are hexadecimal."""

    sound: bool
    kind: str
    theatre: str
    epoch: int
    exercise: bool
    entries: int = 0
    covered: int = 0
    first_time: str | None = None
    last_time: str | None = None
    signatures: int
    state_digests: int
    decided_again: int
    not_decided: int
    parts_absent: int = 0
    notices: dict[str, int] = {}
    root: str = ""
    genesis: str
    node_key: str
    faults: tuple[str, ...]


# keys and entries of what lies there


def folder_keys(folder: Path) -> list[Verifier]:
    """The node's key of each epoch, as the entries of a folder name them; not trusted before they are verified."""
    path = folder / DATABASE
    if not path.exists():
        raise Stop(f"{folder}: there is no ledger in it.")
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            rows = db.execute(_LEDGER_ROWS).fetchall()
        return _keys_of([checked_row(found, found[0]) for found in rows])
    except (sqlite3.Error, LedgerDamaged) as error:
        for _ in stored_entries(folder):  # row by row, as a node opens it: this names the first entry that is damaged
            pass
        raise LedgerDamaged(0, f"the database cannot be read ({error})") from error


def _envelope(entry: Entry) -> Envelope:
    try:
        return envelope_of(entry)
    except msgspec.MsgspecError as error:
        raise _unknown_form(entry, error) from error


def _unknown_form(entry: Entry, error: msgspec.MsgspecError) -> Stop:
    text = f"Entry {entry.sequence} is of a form that this version of wideberth does not know ({error})."
    return Stop(text, FAILED)


def _keys_of(entries: list[Entry]) -> list[Verifier]:
    keys: list[Verifier] = []
    theatre = ""
    for entry in entries:
        match _envelope(entry).command:
            case Genesis() as command:
                theatre = command.theatre
                keys.append(Verifier(origin_of(theatre, command.epoch), command.node_key))
            case NewEpoch() as command if theatre:
                keys.append(Verifier(origin_of(theatre, command.epoch), command.node_key))
            case _:
                pass
    return keys


# verify


def verify(
    path: LedgerPath,
    *,
    again: Annotated[bool, Parameter(negative="", help="Decide every command again and compare.")] = False,
    genesis: Annotated[str, Parameter(help="The genesis hash that you were told (hexadecimal).")] = "",
    key: Annotated[str, Parameter(help="The node's key as name+id+base64, for what one party was given.")] = "",
    json: Json = False,
) -> int:
    """Check that a ledger is what it claims to be.

    Checked are every entry and part, the Merkle tree against the signed head, each signature against the keys in force
    at that entry, each party's notice chain, and the committed digests of the state. Ends with 1 at the first fault.

    A piece of evidence (`wideberth evidence`) is checked by its own entries and proofs, and its report is made again.

    Compare genesis and node key with what you were told on another way: a ledger that somebody made up whole is sound
    in itself.

    Example: wideberth verify /var/lib/wideberth --again
    """
    if path.is_file() and zipfile.is_zipfile(path):
        from wideberth.cli.evidence import verify_evidence

        return verify_evidence(path, genesis, key, json)
    finding = find(path, again=again, key=key)
    faults = finding.faults
    told = genesis.replace(" ", "").lower()
    if told and told != finding.genesis:
        faults = (f"The genesis is {finding.genesis}, not the one that you were told.", *faults)
    finding = msgspec.structs.replace(finding, sound=not faults, faults=faults)
    if json:
        say_json(finding)
    else:
        _print(finding, path)
    return 0 if finding.sound else FOUND


def find(path: Path, *, again: bool = False, key: str = "") -> Finding:
    """What is right and wrong with a folder or file."""
    return examine(path, again=again, key=key)[0]


def examine(path: Path, *, again: bool = False, key: str = "") -> tuple[Finding, Audit]:
    """The same, with the auditor and the state that it replayed."""
    audit = Audit(again)
    if path.is_dir():
        return _find_folder(path, audit), audit
    with path.open("rb") as file:
        export = read_export(file)
        if isinstance(export, Refusal):
            raise Stop(f"{path}: no data folder and no export of a ledger ({export.limit}).")
        return (_find_given(export, audit, key) if export.party else _find_whole(export, audit)), audit


def _find_folder(folder: Path, audit: Audit) -> Finding:
    try:
        stored = Stored(folder, folder_keys(folder))
    except LedgerDamaged as damage:
        return _finding("ledger", audit, None, (str(damage),))
    checkpoint = stored.heads[-1] if stored.heads else None
    total = checkpoint.size if checkpoint is not None else None
    entries = tracked(stored.entries(), "verifying", total)
    report = verify_entries(entries, checkpoint, audit.entry, first_notice)
    faults = _faults(report, audit)
    if checkpoint is None:
        faults = (*faults, "The signed head is missing.")
    return _finding("ledger", audit, report, faults)


def _find_whole(export: Export, audit: Audit) -> Finding:
    report = verify_entries(tracked(export.entries(), "verifying", None), None, audit.entry, first_notice)
    faults = _faults(report, audit)
    verified = verify_note(export.note, audit.keys)
    checkpoint = None
    if isinstance(verified, Refusal):
        faults = (*faults, f"The export's head is not signed by the node of this ledger: {verified.sentence()}")
    else:
        checkpoint = verified.checkpoint
        if (checkpoint.size, checkpoint.root) != (report.entries, report.root) and not faults:
            faults = (f"The signed head counts {checkpoint.size} entries and has another root.",)
    report = msgspec.structs.replace(report, checkpoint=checkpoint)
    return _finding("export", audit, report, faults)


def _find_given(export: Export, audit: Audit, key: str) -> Finding:
    kind = f"{GIVEN} {export.party}"
    try:
        items = list(export.items())
    except LedgerDamaged as damage:
        return _finding(kind, audit, None, (str(damage),))
    spoken_for = [item.entry for item in items if item.entry.parts[0] is not None]
    known = [accepted(read_verifier(key))] if key else _keys_of(spoken_for)
    if not known:
        raise Stop("The export does not name the node's key: give it with --key.")
    verified = verify_note(export.note, known)
    if isinstance(verified, Refusal):
        return _finding(kind, audit, None, (f"The head is not signed by the node: {verified.sentence()}",))
    report = verify_given(tracked(items, "verifying", len(items)), verified.checkpoint, export.party)
    faults = [fault.sentence() for fault in report.faults]
    faults += [fault for entry in spoken_for if (fault := audit.signature_alone(entry)) is not None]
    finding = _finding(kind, audit, report, tuple(faults))
    first = items[0].entry if items else None
    genesis = first.leaf_hash.hex() if first is not None and first.sequence == 0 else ""
    _, theatre, epoch = known[-1].name.split("/")
    named = {"theatre": theatre, "epoch": int(epoch), "genesis": genesis, "node_key": known[-1].public_key.hex()}
    return msgspec.structs.replace(finding, **named)


def _faults(report: Report, audit: Audit) -> tuple[str, ...]:
    faults = tuple(fault.sentence() for fault in report.faults)
    if audit.lost is not None:
        faults = (*faults, f"From entry {audit.lost} on signatures could not be checked.")
    return faults


def _finding(kind: str, audit: Audit, report: Report | None, faults: tuple[str, ...]) -> Finding:
    state = audit.state
    finding = Finding(
        sound=not faults,
        kind=kind,
        theatre=state.theatre,
        epoch=state.epoch,
        exercise=state.exercise,
        signatures=audit.signatures,
        state_digests=audit.digests,
        decided_again=audit.decided,
        not_decided=audit.not_decided,
        genesis=state.genesis.hex(),
        node_key=state.node_key.hex(),
        faults=faults,
    )
    if report is None:
        return finding
    first, last = report.first_time_us, report.last_time_us
    return msgspec.structs.replace(
        finding,
        entries=report.entries,
        covered=report.checkpoint.size if report.checkpoint is not None else 0,
        first_time=None if first is None else clock(first),
        last_time=None if last is None else clock(last),
        parts_absent=report.absent,
        notices={party: chain.number for party, chain in sorted(report.notices.items())},
        root=report.root.hex(),
    )


def _print(finding: Finding, path: Path) -> None:
    name = f"theatre {finding.theatre}, epoch {finding.epoch}" if finding.theatre else "no theatre"
    say(f"{path}: {finding.kind}, {name}, {some(finding.entries, 'entry', 'entries')}")
    if finding.first_time is not None:
        say(f"from {finding.first_time} to {finding.last_time}.")
    say()
    if finding.sound:
        say(f"Sound. The signed head covers {figure(finding.covered)} entries.")
    else:
        say(f"NOT SOUND. {finding.faults[0]}")
        if len(finding.faults) > 1:
            say(f"What follows from it, or stands beside it, is in the other {len(finding.faults) - 1}: see --json.")
    say()
    rows = table("checked", "#count")
    row(rows, "signatures", figure(finding.signatures))
    row(rows, "digests of the state", figure(finding.state_digests))
    row(rows, "commands decided again", figure(finding.decided_again))
    if finding.not_decided:
        row(rows, "not decided again, parts not kept", figure(finding.not_decided))
    row(rows, "parts erased or withheld", figure(finding.parts_absent))
    for party, number in finding.notices.items():
        row(rows, f"notices to {party}", figure(number))
    show(rows)
    say()
    for label, value in (("genesis", finding.genesis), ("node key", finding.node_key), ("root", finding.root)):
        if value.strip("0"):
            say(f"{label:<9}{spoken(bytes.fromhex(value))}")


# replay


def replay(
    path: LedgerPath,
    *,
    until: Annotated[int | None, Parameter(help="Stop after so many entries.")] = None,
    json: Json = False,
) -> int:
    """Replay a ledger and print what it comes to: parties, operations, conflicts, and the digest of the state.

    Two nodes that print the same digest hold the same state. Nothing is verified beyond what replaying needs.

    Example: wideberth replay export.wb --until 1000
    """
    state = State()
    with _entries(path) as entries:
        for entry in tracked(entries, "replaying", until):
            if until is not None and entry.sequence >= until:
                break
            try:
                replay_entry(state, entry)
            except msgspec.MsgspecError as error:
                raise _unknown_form(entry, error) from error
    summary = summarise(state)
    if json:
        say_json(summary)
    else:
        _print_summary(summary, state)
    return 0


@contextlib.contextmanager
def _entries(path: Path) -> Iterator[Iterator[Entry]]:
    try:
        if path.is_dir():
            yield Stored(path, folder_keys(path)).entries()
            return
        with path.open("rb") as file:
            export = accepted(read_export(file))
            if export.party:
                raise Stop(f"{path}: it holds what {export.party} was given; a replay needs the whole ledger.")
            yield export.entries()
    except LedgerDamaged as damage:
        raise Stop(f"{path}: {damage} See: wideberth verify {path}", FOUND) from damage


def summarise(state: State) -> dict[str, Any]:
    """The state in figures."""
    return {
        "theatre": state.theatre,
        "epoch": state.epoch,
        "exercise": state.exercise,
        "entries": state.size,
        "time": clock(state.time_us),
        "parties": [
            {
                "party": m.party,
                "name": m.name,
                "role": m.role.value,
                "left": bool(m.left_us),
                "live": m.live,
                "notices": m.notices,
                "signed": m.signed,
                "refusals": m.refusals,
            }
            for m in state.members.values()
        ],
        "operations": operations_by_state(state),
        "constraints": sum(1 for t in state.things.values() if t.what == "constraint" and t.live),
        "protected": sum(1 for t in state.things.values() if t.what == "protected" and t.live),
        "conflicts": conflicts_by_state(state),
        "digest": state.digest().hex(),
    }


def _print_summary(summary: dict[str, Any], state: State) -> None:
    what = "exercise" if state.exercise else "real"
    size = some(state.size, "entry", "entries")
    say(f"Theatre {state.theatre}, epoch {state.epoch} ({what}): {size} up to {clock(state.time_us)}.")
    say()
    parties = table("party", "name", "role", "#live", "#notices", "#signed for", "#refusals")
    for who in summary["parties"]:
        role = f"{who['role']}, left" if who["left"] else who["role"]
        row(
            parties,
            who["party"],
            who["name"],
            role,
            *(figure(who[n]) for n in ("live", "notices", "signed", "refusals")),
        )
    show(parties)
    say()
    things = table("what", "#count")
    for kind in ("operations", "conflicts"):
        for value, count in summary[kind].items():
            row(things, f"{kind} {value}", figure(count))
    row(things, "constraints", figure(summary["constraints"]))
    row(things, "protected places", figure(summary["protected"]))
    show(things)
    say()
    say(f"digest   {spoken(bytes.fromhex(summary['digest']))}")
