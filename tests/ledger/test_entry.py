"""Entries, leaves and notice chains: the bytes, and what is not one."""

from hashlib import sha256

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wideberth.ledger.entry import (
    NO_HEAD,
    Entry,
    Notice,
    Part,
    chain_notice,
    erased,
    leaf_bytes,
    leaf_hash,
    make_entry,
    misfitting_part,
    parts_bytes,
    read_entry,
    read_leaf,
    read_notice,
    read_parts,
    read_stored,
)
from wideberth.refusal import Reason, Refusal

salts = st.binary(min_size=32, max_size=32)
parts_lists = st.lists(st.builds(Part, salts, st.binary(max_size=400)), min_size=2, max_size=8)
sequences = st.integers(0, 2**63 - 1)
times = st.integers(0, 4_102_444_800_000_000)


def refused(value):
    return isinstance(value, Refusal) and value.reason is Reason.MALFORMED


def test_the_leaf_byte_by_byte():
    """A leaf is the msgpack array [1, sequence, time, [commitments]] in shortest forms, its hash RFC 6962's."""
    one, two = bytes(range(32)), bytes(range(32, 64))
    leaf = leaf_bytes(7, 1_000, [one, two])
    assert leaf == b"\x94\x01\x07\xcd\x03\xe8\x92\xc4\x20" + one + b"\xc4\x20" + two
    assert leaf_hash(leaf) == sha256(b"\x00" + leaf).digest()


def test_the_commitment():
    """A commitment is SHA-256 over salt and content."""
    assert Part(b"s" * 32, b"content").commitment == sha256(b"s" * 32 + b"content").digest()


@given(sequences, times, parts_lists)
def test_an_entry_reads_back(sequence, time_us, parts):
    """What was made reads back from its leaf and its stored parts, whole."""
    entry = make_entry(sequence, time_us, parts)
    stored = read_parts(parts_bytes(entry.parts))
    assert stored == entry.parts == tuple(parts)
    assert read_entry(entry.leaf, stored) == entry
    assert entry.leaf_hash == leaf_hash(entry.leaf)


@given(sequences, times, parts_lists, st.data())
def test_erasing_keeps_the_leaf(sequence, time_us, parts, data):
    """An erased part leaves the leaf, and so every proof, as it was; the other parts still verify."""
    entry = make_entry(sequence, time_us, parts)
    gone = erased(entry, data.draw(st.integers(0, len(parts) - 1)))
    assert gone.leaf == entry.leaf
    assert sum(part is None for part in gone.parts) == 1
    assert read_entry(gone.leaf, gone.parts) == gone


@given(parts_lists, st.data())
def test_every_changed_part_is_named(parts, data):
    """One flipped bit in a salt or content is found and its part is named."""
    entry = make_entry(1, 2, parts)
    index = data.draw(st.integers(0, len(parts) - 1))
    salted = bytearray(parts[index].salt + parts[index].content)
    at = data.draw(st.integers(0, len(salted) * 8 - 1))
    salted[at // 8] ^= 1 << at % 8
    changed = (*parts[:index], Part(bytes(salted[:32]), bytes(salted[32:])), *parts[index + 1 :])
    assert misfitting_part(read_leaf(entry.leaf).commitments, changed) == index
    assert refused(read_entry(entry.leaf, changed))
    assert f"parts[{index}]" in read_entry(entry.leaf, changed).sentence()


def test_stored_entries_are_checked_alike():
    """The quick way over stored entries finds what the other way finds: leaves in another form, other parts, none."""
    entry = make_entry(7, 8, [Part(bytes(32), b"a"), Part(bytes(32), b"b")])
    stored = parts_bytes(entry.parts)
    assert read_stored(entry.leaf, stored) == entry
    longer = entry.leaf.replace(b"\x94\x01\x07\x08", b"\x94\x01\xcc\x07\x08")
    later = entry.leaf.replace(b"\x94\x01", b"\x94\x02")
    for leaf, parts, field in (
        (longer, stored, "leaf"),
        (later, stored, "leaf[0]"),
        (b"", stored, "leaf"),
        (entry.leaf, stored[:-1], "parts"),
        (entry.leaf, parts_bytes(entry.parts[::-1]), "parts[0]"),
        (entry.leaf, parts_bytes(entry.parts[:1]), "parts[1]"),
    ):
        assert refused(read_stored(leaf, parts))
        assert read_stored(leaf, parts).field == field


def test_a_missing_or_added_part_is_found():
    """Fewer or more parts than commitments do not fit."""
    entry = make_entry(0, 1, [Part(bytes(32), b"a"), Part(bytes(32), b"b")])
    assert refused(read_entry(entry.leaf, entry.parts[:1]))
    assert refused(read_entry(entry.leaf, (*entry.parts, entry.parts[0])))
    assert refused(read_entry(entry.leaf, (*entry.parts, None)))


C = [bytes(32), bytes(32)]


@pytest.mark.parametrize(
    "leaf",
    [
        b"",
        b"\xc1",
        msgspec.msgpack.encode([1, 0, 0, C])[:-1],
        msgspec.msgpack.encode([1, 0, 0, C]) + b"\x00",
        msgspec.msgpack.encode([2, 0, 0, C]),
        msgspec.msgpack.encode([1, -1, 0, C]),
        msgspec.msgpack.encode([1, 2**63, 0, C]),
        msgspec.msgpack.encode([1, 0, -1, C]),
        msgspec.msgpack.encode([1, 0, 5_000_000_000_000_000, C]),
        msgspec.msgpack.encode([1, 0, 0, C[:1]]),
        msgspec.msgpack.encode([1, 0, 0, []]),
        msgspec.msgpack.encode([1, 0, 0, [bytes(31), bytes(32)]]),
        msgspec.msgpack.encode([1, 0, 0, [bytes(33), bytes(32)]]),
        msgspec.msgpack.encode([1, 0, 0, C, 0]),
        msgspec.msgpack.encode([1, 0, 0]),
        msgspec.msgpack.encode([1, 0, True, C]),
        msgspec.msgpack.encode([1, 0, 0.0, C]),
        b"\x94\x01\xcc\x07\x00\x92" + (b"\xc4\x20" + bytes(32)) * 2,
        b"\x94\x01\x07\x00\x92" + (b"\xc5\x00\x20" + bytes(32)) * 2,
        b"\xdc\x00\x04\x01\x07\x00\x92" + (b"\xc4\x20" + bytes(32)) * 2,
    ],
)
def test_what_is_no_leaf_is_refused(leaf):
    """Cut, extended, unknown, out of range and non-canonical leaves are refused as malformed, never raised."""
    assert refused(read_leaf(leaf))


@given(st.binary(max_size=200))
def test_random_bytes_never_raise(data):
    """The readers answer every input with a value."""
    for read in (read_leaf, read_parts, read_notice):
        assert read(data) is not None


@pytest.mark.parametrize("data", [b"", b"\x91\x92\xc4\x01a\xc4\x00", b"\x91\x91\xc4\x00", b"\x90\x00", b"\xc0"])
def test_what_are_no_parts_is_refused(data):
    """Stored parts with a short salt, a missing content, bytes after the end or another shape are refused."""
    assert refused(read_parts(data))


def test_the_notice_byte_by_byte():
    """A notice is the msgpack array of its tag and six fields; its head is SHA-256 over these bytes."""
    content, head = chain_notice("ab", 1, NO_HEAD, 5, 6, b"body")
    assert content == b"\x97\xb2wideberth/notice/1\xa2ab\x01\xc4\x20" + bytes(32) + b"\x05\x06\xc4\x04body"
    assert head == sha256(content).digest()
    assert read_notice(content) == Notice("ab", 1, NO_HEAD, 5, 6, b"body")


@given(st.text(max_size=20), st.lists(st.binary(max_size=50), min_size=1, max_size=5))
def test_a_chain_links(party, bodies):
    """Each notice names the head of the one before it and the next number."""
    head = NO_HEAD
    for number, body in enumerate(bodies, 1):
        content, after = chain_notice(party, number, head, number, number, body)
        assert read_notice(content) == Notice(party, number, head, number, number, body)
        head = after


@pytest.mark.parametrize(
    "content",
    [
        b"",
        msgspec.msgpack.encode(["wideberth/notice/2", "p", 1, bytes(32), 0, 0, b""]),
        msgspec.msgpack.encode(["wideberth/notice/1", "p", 0, bytes(32), 0, 0, b""]),
        msgspec.msgpack.encode(["wideberth/notice/1", "p", 1, bytes(31), 0, 0, b""]),
        msgspec.msgpack.encode(["wideberth/notice/1", "p", 1, bytes(32), 0, 0, b"", 0]),
        msgspec.msgpack.encode(["wideberth/notice/1", "p", 1, bytes(32), 0, 0]),
        b"\x97\xb2wideberth/notice/1\xa1\xff\x01\xc4\x20" + bytes(32) + b"\x00\x00\xc4\x00",
        b"\x97\xb2wideberth/notice/\xff\xa1p\x01\xc4\x20" + bytes(32) + b"\x00\x00\xc4\x00",
    ],
)
def test_what_is_no_notice_is_refused(content):
    """Other tags, numbers below 1, short heads, missing and added fields, text that is no UTF-8 are refused."""
    assert refused(read_notice(content))


def test_bugs_are_assertions():
    """An entry without a decision, a short salt and a chain that starts in the middle are bugs, not refusals."""
    part = Part(bytes(32), b"")
    for call in (
        lambda: make_entry(0, 0, [part]),
        lambda: make_entry(-1, 0, [part, part]),
        lambda: make_entry(0, -1, [part, part]),
        lambda: make_entry(0, 0, [part, Part(b"short", b"")]),
        lambda: chain_notice("p", 0, NO_HEAD, 0, 0, b""),
        lambda: chain_notice("p", 1, b"x" * 32, 0, 0, b""),
        lambda: chain_notice("p", 2, b"", 0, 0, b""),
    ):
        with pytest.raises(AssertionError):
            call()


def test_entries_are_plain_values():
    """Two entries of the same bytes are equal, and an entry cannot be changed."""
    parts = [Part(bytes(32), b"a"), Part(bytes(32), b"b")]
    entry = make_entry(3, 4, parts)
    assert entry == Entry(3, 4, entry.leaf, tuple(parts))
    with pytest.raises(AttributeError):
        entry.sequence = 4


def test_a_commitment_is_read_off_the_leaf() -> None:
    """Whatever the number of parts, the sizes of sequence and time, and what was erased: the leaf tells each one's."""
    for count in (2, 3, 15, 16, 40):
        parts = [Part(bytes([i]) * 32, b"x" * i) for i in range(count)]
        for sequence, time_us in ((0, 0), (200, 70_000), (2**40, 1_800_000_000_000_000)):
            entry = make_entry(sequence, time_us, parts)
            assert [entry.commitment(i) for i in range(count)] == [part.commitment for part in parts]
            assert erased(entry, 1).commitment(1) == parts[1].commitment
