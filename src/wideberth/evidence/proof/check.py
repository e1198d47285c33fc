"""Everything together: is a piece of evidence what it claims to be?

In:  the file (a zip); keys and the genesis hash that its reader was told, if any.
Out: `Checked`: what was counted, every fault found, and the entries for the story. Nothing is raised for a fault.

Checked are, in this order: members and digests; frame, leaf, commitments and inclusion proof of every entry; the
checkpoint's signatures; each envelope's signatures, its theatre and its attached parts; that the keys go back to the
genesis; notices and their chains; that every checkpoint which a speaker says to have seen lies in this ledger.
"""

from __future__ import annotations

import json
import zipfile
from hashlib import sha256
from typing import Any, BinaryIO, NamedTuple

from .ed25519 import holds
from .entries import Entries, Given
from .notes import NODE, Head, Key, read_key, read_note
from .packed import Unreadable, unpack
from .trees import extends, included, leaf_hash

FORMAT = "wideberth/evidence/1"
MANIFEST, ENTRIES, LAYOUT, LAND, REPORT = "manifest.json", "entries.wbx", "layout.json", "land.json", "report.html"
NEEDED = (MANIFEST, ENTRIES, LAYOUT, LAND, REPORT)
CONTEXT, NOTICE = "wideberth/command/1", "wideberth/notice/1"
NODE_COMMANDS = ("genesis", "new_epoch", "tick", "due", "commit_state", "delivered", "warned")
ROWS_MAX = 1_000
"""Entries that a report lists; a longer one says how many it leaves to the file of entries."""
FAULTS_MAX = 100
WHOLE = "*"
"""For whom the file of entries is, where it is not one party's."""


class Checked(NamedTuple):
    """What was found. `rows` are the first entries, for the story; `figures` what was counted."""

    manifest: dict[str, Any]
    layout: dict[str, Any]
    land: dict[str, Any]
    head: Head | None
    genesis: str
    node_keys: list[Key]
    figures: dict[str, int]
    rows: list[Given]
    untraced: list[str]
    unsound: list[str]


class Faulty(Exception):
    """A piece of evidence that cannot be looked into further. The text says why."""


def canonical(value: Any) -> bytes:
    """The one form in which JSON stands in a piece of evidence."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def read_json(data: bytes, name: str) -> dict[str, Any]:
    """A JSON member, in its one form."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Faulty(f"{name} is no JSON") from error
    if not isinstance(value, dict) or canonical(value) != data:
        raise Faulty(f"{name} is not in the form in which it was written")
    return value


def members(archive: zipfile.ZipFile) -> dict[str, Any]:
    """The manifest, after every member was held against it."""
    names = archive.namelist()
    if len(set(names)) != len(names) or not set(NEEDED) <= set(names):
        raise Faulty("members are missing, or there twice")
    manifest = read_json(archive.read(MANIFEST), MANIFEST)
    if manifest.get("format") != FORMAT:
        raise Faulty(f"it is of another form than {FORMAT}")
    listed = manifest.get("members")
    if not isinstance(listed, dict) or set(listed) | {MANIFEST} != set(names):
        raise Faulty("the manifest lists other members")
    for name, said in sorted(listed.items()):
        digest, size = sha256(), 0
        with archive.open(name) as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
                size += len(piece)
        if said != [size, digest.hexdigest()]:
            raise Faulty(f"{name} is not what the manifest says")
    return manifest


class Check:
    """One pass over the entries."""

    def __init__(self, manifest: dict[str, Any], layout: dict[str, Any], head: Head) -> None:
        self.manifest, self.layout, self.head = manifest, layout, head
        self.faults: list[str] = []
        self.node_keys: list[Key] = []
        self.genesis = b""
        self.rows: list[Given] = []
        self.untraced: list[str] = []
        self.figures = dict.fromkeys(("entries", "shown", "absent", "signatures", "notices", "consistent"), 0)
        self._theatre, self._last = "", (-1, -1)
        self._keys: set[tuple[str, bytes]] = set()
        self._chains: dict[str, tuple[int, bytes]] = {}
        self._seen = {row[0]: (bytes.fromhex(row[1]), row[2]) for row in manifest["consistency"]}
        self._good: set[int] = set()

    def entry(self, given: Given) -> str | None:
        """What is wrong with an entry, in itself and in its place; None where nothing is."""
        if len(given.parts) != len(given.commitments):
            return "it has another number of parts than commitments"
        for index, (part, commitment) in enumerate(zip(given.parts, given.commitments)):  # noqa: B905  as above
            if part is not None and sha256(part[0] + part[1]).digest() != commitment:
                return f"part {index} does not fit its commitment"
        if given.sequence <= self._last[0] or given.time_us <= self._last[1]:
            return "it does not come after the entry before it"
        self._last = (given.sequence, given.time_us)
        if not included(given.sequence, self.head.size, leaf_hash(given.leaf), given.proof, self.head.root):
            return "its inclusion proof does not lead to the checkpoint"
        absent = given.parts.count(None)
        self.figures["entries"] += 1
        self.figures["absent"] += absent
        self.figures["shown"] += len(given.parts) - absent
        try:
            return self._envelope(given) or self._notices(given)
        except (Unreadable, ValueError, TypeError, IndexError, KeyError) as error:
            return f"its parts cannot be read ({error})"

    def _envelope(self, given: Given) -> str | None:
        part = given.parts[0]
        if part is None:
            return None
        data, signatures = read_array(part[1], 2)
        envelope = dict(zip(self.layout["structs"]["Envelope"], read_array(data, 8)))  # noqa: B905  defaults may lack
        keys, command, party = envelope["keys"], envelope["command"], envelope["party"]
        is_genesis = command[0] == "genesis"
        if envelope["context"] != CONTEXT or is_genesis != (given.sequence == 0):
            return "its envelope is none of this form"
        if len(signatures) != len(keys) or len(set(keys)) != len(keys) or not keys:
            return "its envelope has not one signature a key"
        for key, signature in zip(keys, signatures):  # noqa: B905  of one length
            if not holds(key, data, signature):
                return f"the signature of key {key.hex()[:16]} does not fit its envelope"
        self.figures["signatures"] += len(keys)
        if envelope["genesis"] != (bytes(32) if is_genesis else self.genesis):
            return "its envelope is for another theatre"
        if is_genesis or command[0] == "new_epoch":
            self._epoch(given, command)
        return self._speaker(party, command, keys, given) or self._attached(given, envelope) or self._saw(envelope)

    def _epoch(self, given: Given, command: list[Any]) -> None:
        fields = self.named("commands", command)
        if given.sequence == 0:
            self.genesis, self._theatre = leaf_hash(given.leaf), fields["theatre"]
            for row in fields["founders"]:
                founder = dict(zip(self.layout["structs"]["Founder"], row))  # noqa: B905  defaults may lack
                self._keys |= {(founder["party"], key) for key in (*founder["root"][0], founder["watch"][0])}
        name = f"wideberth/{self._theatre}/{fields['epoch']}"
        self.node_keys.append(Key(name, NODE, fields["node_key"]))

    def named(self, kind: str, value: list[Any]) -> dict[str, Any]:
        """The fields of a tagged array by name."""
        return dict(zip(self.layout[kind].get(value[0], ()), value[1:]))  # noqa: B905  defaults may lack

    def _speaker(self, party: str, command: list[Any], keys: list[bytes], given: Given) -> str | None:
        """Who may have said it: the node by its key, a party by keys that go back to the genesis."""
        if command[0] in NODE_COMMANDS or command[0] == "vouch":
            node = self.node_keys[-1].public if self.node_keys else None
            return None if keys == [node] else f"its {command[0]} is not by the node of this theatre"
        if not party:
            return "nobody says it"
        fields = self.named("commands", command)
        if command[0] == "accept":
            self._keys |= {(party, key) for key in fields["root"][0]}
        strange = [key for key in keys if (party, key) not in self._keys]
        if strange:
            self.untraced.append(f"entry {given.sequence}: {party} {strange[0].hex()}")
        elif command[0] in ("accept", "grant_key") and self._was_accepted(given):
            self._keys.add((party, fields["watch" if command[0] == "accept" else "grant"][0]))
        return None

    def _was_accepted(self, given: Given) -> bool:
        part = given.parts[1]
        return part is not None and bool(read_array(part[1], 5)[2][0] == "accepted")

    def _attached(self, given: Given, envelope: dict[str, Any]) -> str | None:
        part = given.parts[1]
        if part is None:
            return None
        kept = dict(zip(self.layout["structs"]["Decision"], read_array(part[1], 5)[1:]))["attached"]  # noqa: B905
        if given.commitments[2 : 2 + kept] != list(envelope.get("attached", []))[:kept]:
            return "its attached parts are not those that the envelope names"
        return None

    def _saw(self, envelope: dict[str, Any]) -> str | None:
        """The checkpoint that the speaker says to have seen lies in this ledger, where a proof stands for it."""
        size, root = envelope["seen"]
        if size == 0 or size not in self._seen:
            return None
        if self._seen[size][0] != root:
            return f"it names another ledger of {size} entries than the proof for that size"
        if size not in self._good:
            steps = [bytes.fromhex(step) for step in self._seen[size][1]]
            if not extends(size, self.head.size, root, self.head.root, steps):
                return f"the ledger of {size} entries that its speaker saw is not the beginning of this one"
            self._good.add(size)
        self.figures["consistent"] += 1
        return None

    def _notices(self, given: Given) -> str | None:
        for part in given.parts[2:]:
            if part is None or not part[1].startswith(b"\x97\xb2" + NOTICE.encode()):
                continue
            _, party, number, previous, sequence, time_us, _ = read_array(part[1], 7)
            if (sequence, time_us) != (given.sequence, given.time_us):
                continue
            last, head = self._chains.get(party, (0, bytes(32)))
            if number <= last or (number == last + 1 and previous != head):
                return f"notice {number} to {party} does not follow the one before it"
            self._chains[party] = (number, sha256(part[1]).digest())
            self.figures["notices"] += 1
        return None

    def keep(self, given: Given) -> None:
        """Keep the first entries for the story."""
        if len(self.rows) < ROWS_MAX:
            self.rows.append(given)


def read_array(data: bytes, least: int) -> list[Any]:
    """An array of at least so many values."""
    value = unpack(data)
    if not isinstance(value, list) or len(value) < least:
        raise Unreadable("it is shorter than it should be")
    return value


def node_keys(archive: zipfile.ZipFile, layout: dict[str, Any]) -> list[Key]:
    """The keys that the genesis and new epochs name; not trusted before the entries are verified."""
    found, theatre = [], ""
    with archive.open(ENTRIES) as file:
        for given in Entries(_seekless(file)):
            part = given.parts[0]
            if part is None or not (given.sequence == 0 or b"new_epoch" in part[1]):
                continue
            envelope = dict(zip(layout["structs"]["Envelope"], read_array(read_array(part[1], 2)[0], 8)))  # noqa: B905
            command = envelope["command"]
            if command[0] in ("genesis", "new_epoch"):
                fields = dict(zip(layout["commands"][command[0]], command[1:]))  # noqa: B905
                theatre = fields.get("theatre", theatre)
                found.append(Key(f"wideberth/{theatre}/{fields['epoch']}", NODE, fields["node_key"]))
    return found


def _seekless(file: Any) -> BinaryIO:
    return file  # type: ignore[no-any-return]


def check(archive: zipfile.ZipFile, key: str = "", genesis: str = "") -> Checked:
    """Check all but the report, which is made anew from what this answers."""
    manifest = members(archive)
    layout, land = (read_json(archive.read(name), name) for name in (LAYOUT, LAND))
    nothing: dict[str, int] = {}
    try:
        known = [read_key(key)] if key else node_keys(archive, layout)
        witnesses = [read_key(text) for text in manifest["witnesses"]]
        with archive.open(ENTRIES) as file:
            entries = Entries(_seekless(file))
            head = read_note(entries.note, [*known, *witnesses])
            checking = Check(manifest, layout, head)
            if entries.party != (manifest["made"]["party"] or WHOLE):
                checking.faults.append("The entries were made for somebody else than the manifest says.")
            if head.origin not in [signed.name for signed, _ in head.signed if signed.kind == NODE]:
                checking.faults.append("The checkpoint is not signed by the node of its origin.")
            for given in entries:
                fault = checking.entry(given)
                if fault is not None:
                    checking.faults.append(f"Entry {given.sequence}: {fault}.")
                    if len(checking.faults) >= FAULTS_MAX:
                        break
                checking.keep(given)
    except (Unreadable, KeyError, ValueError, TypeError, IndexError, AttributeError) as error:
        return Checked(manifest, layout, land, None, "", [], nothing, [], [], [f"The entries are not sound: {error}."])
    faults = checking.faults
    if not checking.node_keys:
        faults.append("The genesis is not there.")
    elif not key and checking.node_keys[-1] not in [signed for signed, _ in head.signed]:
        faults.append("The checkpoint is not signed by the last node key of this ledger.")
    told = genesis.replace(" ", "").lower()
    if told and told != checking.genesis.hex():
        faults.insert(0, f"The genesis is {checking.genesis.hex()}, not the one that you were told.")
    return Checked(
        manifest,
        layout,
        land,
        head,
        checking.genesis.hex(),
        checking.node_keys,
        checking.figures,
        checking.rows,
        checking.untraced,
        faults,
    )
