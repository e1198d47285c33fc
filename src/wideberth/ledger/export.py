"""One file for others: the whole ledger, or what one party may see, readable without SQLite and as a stream.

In:  a store and a binary file to write to; or a binary file to read from.
Out: the file; or the signed head and the entries behind it, one by one.
Refuses (`Refusal`): a file that does not begin as an export. Raises `LedgerDamaged` where it stops being one.

The format is in `docs/ledger-format.md`: a line that names it, then records, each a length of 4 bytes (big endian) and
so many bytes of msgpack: one head, the entries, one end that counts the entries and carries SHA-256 of all before it.
"""

from collections.abc import Callable, Collection, Iterator
from hashlib import sha256
from typing import BinaryIO, Final

import msgspec

from wideberth.ledger.entry import UNREADABLE, Entry, Hash, Part, Parts, read_leaf
from wideberth.ledger.store import LedgerDamaged, Store
from wideberth.ledger.verify import Given
from wideberth.limits import EXPORT_RECORD_BYTES_MAX
from wideberth.refusal import Reason, Refusal, refuse

MAGIC: Final = b"wideberth/export/1\n"


class HeadRecord(msgspec.Struct, frozen=True, array_like=True, tag="head", forbid_unknown_fields=True):
    """The first record: the signed head that covers the entries, and the party it was made for ("": the whole)."""

    note: bytes
    party: str


class EntryRecord(msgspec.Struct, frozen=True, array_like=True, tag="entry", forbid_unknown_fields=True):
    """An entry: leaf, parts (nil where erased or withheld), and for a party the inclusion proof, leaf level first."""

    leaf: bytes
    parts: tuple[Part | None, ...]
    proof: tuple[Hash, ...]


class EndRecord(msgspec.Struct, frozen=True, array_like=True, tag="end", forbid_unknown_fields=True):
    """The last record: how many entries there were, and SHA-256 of every byte before this record's length."""

    entries: int
    digest: Hash


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(HeadRecord | EntryRecord | EndRecord).decode


def export_whole(store: Store, file: BinaryIO, note: bytes | None = None) -> int:
    """Write every entry up to the head with all parts that were not erased; the number of entries.

    `note` stands in for the head's own where witnesses have cosigned it; it has to be of the same head.
    """
    head = store.head
    entries = (EntryRecord(entry.leaf, entry.parts, ()) for entry in store.read(0, head.size))
    return _write(file, HeadRecord(note or head.note, ""), entries)


def export_given(
    store: Store,
    file: BinaryIO,
    party: str,
    may_see: Callable[[Entry], Collection[int]],
    note: bytes | None = None,
) -> int:
    """Write the entries in which `party` may see a part, other parts as commitments alone; the number of entries.

    `may_see` answers the indices of an entry's parts that the party may see; where it answers none the entry is left
    out. Each entry carries its inclusion proof against the head.
    """
    assert party, "a party has a name"
    head = store.head
    entries = _given(store, head.size, may_see)
    return _write(file, HeadRecord(note or head.note, party), entries)


def _given(store: Store, size: int, may_see: Callable[[Entry], Collection[int]]) -> Iterator[EntryRecord]:
    for entry in store.read(0, size):
        seen = may_see(entry)
        if seen:
            parts: Parts = tuple(part if index in seen else None for index, part in enumerate(entry.parts))
            yield EntryRecord(entry.leaf, parts, store.tree.inclusion_proof(entry.sequence, size))


def _write(file: BinaryIO, head: HeadRecord, entries: Iterator[EntryRecord]) -> int:
    digest, count = sha256(MAGIC), 0
    file.write(MAGIC)

    def put(record: HeadRecord | EntryRecord | EndRecord) -> None:
        data = _encode(record)
        assert len(data) <= EXPORT_RECORD_BYTES_MAX, len(data)
        framed = len(data).to_bytes(4, "big") + data
        digest.update(framed)
        file.write(framed)

    put(head)
    for entry in entries:
        put(entry)
        count += 1
    put(EndRecord(count, digest.digest()))
    return count


class Export:
    """An export that is being read. `note` is its signed head, not yet verified; `party` is "" for a whole ledger."""

    def __init__(self, file: BinaryIO, head: HeadRecord, begun: bytes) -> None:
        """Use `read_export`."""
        self.note, self.party = head.note, head.party
        self._file, self._digest = file, sha256(begun)

    def entries(self) -> Iterator[Entry]:
        """The entries alone, for `verify` over a whole ledger; once."""
        return (item.entry for item in self.items())

    def items(self) -> Iterator[Given]:
        """The entries with their proofs, once, none of them verified; LedgerDamaged where the file is cut or wrong."""
        at, count = 0, 0
        while True:
            before = self._digest.digest()
            record, framed = _read_record(self._file, at)
            self._digest.update(framed)
            if isinstance(record, EndRecord):
                break
            leaf = read_leaf(record.leaf) if isinstance(record, EntryRecord) else record
            if isinstance(leaf, Refusal) or not isinstance(record, EntryRecord) or isinstance(leaf, HeadRecord):
                raise LedgerDamaged(at, "the export has something else than an entry there")
            at, count = leaf.sequence + 1, count + 1
            yield Given(Entry(leaf.sequence, leaf.time_us, record.leaf, record.parts), record.proof)
        if record != EndRecord(count, before):
            raise LedgerDamaged(at, "the export's end does not fit what stands before it")
        if self._file.read(1):
            raise LedgerDamaged(at, "the export goes on after its end")


def read_export(file: BinaryIO) -> Export | Refusal:
    """The export in a file, its entries still to be read."""
    if file.read(len(MAGIC)) != MAGIC:
        return refuse(Reason.MALFORMED, "export", "an export begins with the line wideberth/export/1")
    try:
        record, framed = _read_record(file, 0)
    except LedgerDamaged as damage:
        return refuse(Reason.MALFORMED, "export", f"an export begins with its head ({damage.what})")
    if not isinstance(record, HeadRecord):
        return refuse(Reason.MALFORMED, "export", "an export begins with its head", type(record).__name__)
    return Export(file, record, MAGIC + framed)


def _read_record(file: BinaryIO, at: int) -> tuple[HeadRecord | EntryRecord | EndRecord, bytes]:
    prefix = file.read(4)
    length = int.from_bytes(prefix, "big")
    if len(prefix) < 4:
        raise LedgerDamaged(at, "the export is cut there")
    if length > EXPORT_RECORD_BYTES_MAX:
        raise LedgerDamaged(at, f"the export has a record of {length} bytes, more than {EXPORT_RECORD_BYTES_MAX}")
    data = file.read(length)
    if len(data) < length:
        raise LedgerDamaged(at, "the export is cut there")
    try:
        return _decode(data), prefix + data
    except UNREADABLE as error:
        raise LedgerDamaged(at, f"the export cannot be read there ({error})") from error
