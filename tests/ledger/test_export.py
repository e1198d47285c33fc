"""Exports: what is written is read, cut and changed files are found, and an outsider's own program can verify them."""

import io
import struct
from hashlib import sha256

import outsider
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_kit import KEY, PARTIES, SIGNER, entries, fill
from nacl.signing import SigningKey

from wideberth.ledger.checkpoint import KeyKind, Verifier, cosign, verify_note
from wideberth.ledger.entry import erased, read_notice
from wideberth.ledger.export import MAGIC, export_given, export_whole, read_export
from wideberth.ledger.store import LedgerDamaged, MemoryStore
from wideberth.ledger.verify import verify, verify_given
from wideberth.refusal import Reason, Refusal

ENTRIES = entries(40)
PUBLIC = bytes(KEY.verify_key)


@pytest.fixture(scope="module")
def store():
    made = fill(MemoryStore(SIGNER), ENTRIES)
    made.erase(5, 0)
    return made


def whole(store):
    file = io.BytesIO()
    assert export_whole(store, file) == 40
    return file.getvalue()


def may_see(party):
    """Its own notice, and in every tenth entry envelope and decision too."""

    def indices(entry):
        own = [index for index, part in enumerate(entry.parts[3:], 3) if read_notice(part.content).party == party]
        return [*own, 0, 1] if entry.sequence % 10 == 1 else own

    return indices


def given_to(store, party):
    file = io.BytesIO()
    export_given(store, file, party, may_see(party))
    return file.getvalue()


def read(data):
    export = read_export(io.BytesIO(data))
    assert not isinstance(export, Refusal), export
    return export


def test_a_whole_export_reads_back(store):
    """A whole export holds the signed head and every entry, erased parts as commitments alone, and verifies."""
    export = read(whole(store))
    assert export.party == ""
    assert export.note == store.head.note
    made = list(export.entries())
    assert made == list(store.read()) == [*ENTRIES[:5], erased(ENTRIES[5], 0), *ENTRIES[6:]]
    checkpoint = verify_note(export.note, [SIGNER.verifier]).checkpoint
    report = verify(read(whole(store)).entries(), checkpoint)
    assert report.ok
    assert report.absent == 1


@pytest.mark.parametrize("party", PARTIES)
def test_a_partys_export_holds_nothing_else(store, party):
    """A party's export verifies, and holds no salt and no content of any part that it may not see."""
    data = given_to(store, party)
    export = read(data)
    checkpoint = verify_note(export.note, [SIGNER.verifier]).checkpoint
    report = verify_given(export.items(), checkpoint, party)
    assert report.ok, report.faults
    assert export.party == party
    for entry in ENTRIES:
        seen = may_see(party)(entry)
        for index, part in enumerate(entry.parts):
            there = part.salt in data or part.content in data
            assert there == (index in seen and (entry.sequence, index) != (5, 0))


def test_a_cosigned_head_can_stand_in(store):
    """An export may carry the head as witnesses have cosigned it."""
    witness = SigningKey(b"w" * 32)
    verifier = Verifier("witness.example/1", bytes(witness.verify_key), KeyKind.COSIGNATURE)
    checkpoint = verify_note(store.head.note, [SIGNER.verifier]).checkpoint
    note = cosign(store.head.note, checkpoint, verifier, witness, 1_700_000_000)
    file = io.BytesIO()
    export_whole(store, file, note)
    assert len(verify_note(read(file.getvalue()).note, [SIGNER.verifier, verifier]).signed) == 2


def test_an_export_of_nothing(store):
    """The export of an empty ledger is a head and an end."""
    file = io.BytesIO()
    assert export_whole(MemoryStore(SIGNER), file) == 0
    assert list(read(file.getvalue()).items()) == []


def test_every_cut_is_found(store):
    """However an export is cut short, reading it says so."""
    data = whole(store)
    for cut in range(0, len(data), 97):
        export = read_export(io.BytesIO(data[:cut]))
        if not isinstance(export, Refusal):
            with pytest.raises(LedgerDamaged):
                list(export.items())


@given(st.data())
def test_every_flipped_bit_is_found(store, data):
    """Any flipped bit of an export is found while reading it or by verifying its head."""
    made = bytearray(whole(store))
    bit = data.draw(st.integers(0, len(made) * 8 - 1))
    made[bit // 8] ^= 1 << bit % 8
    export = read_export(io.BytesIO(bytes(made)))
    if not isinstance(export, Refusal):
        with pytest.raises(LedgerDamaged):
            list(export.items())


def framed(data):
    return struct.pack(">I", len(data)) + data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"something else\n",
        MAGIC,
        MAGIC + b"\x00\x00",
        MAGIC + framed(b""),
        MAGIC + framed(b"\xc1"),
        MAGIC + framed(b"\x93\xa3end\x00\xc4\x20" + bytes(32)),
        MAGIC + framed(b"\x94\xa4head\xc4\x00\xa0\xc0"),
        MAGIC + framed(b"\x93\xa4head\xc4\x00\xa1\xff"),
        MAGIC + framed(b"\x93\xa4hea\xff\xc4\x00\xa0"),
        MAGIC + b"\xff\xff\xff\xff",
    ],
)
def test_what_is_no_export_is_refused(data):
    """Files that do not begin as an export are refused."""
    export = read_export(io.BytesIO(data))
    assert isinstance(export, Refusal)
    assert export.reason is Reason.MALFORMED


def test_what_stands_where_an_entry_should_is_found(store):
    """A second head, a leaf that is none, an oversized record, bytes after the end: each is found."""
    good = whole(store)
    head_length = int.from_bytes(good[len(MAGIC) : len(MAGIC) + 4], "big")
    head = good[len(MAGIC) : len(MAGIC) + 4 + head_length]
    begun = MAGIC + head
    for tail in (head, framed(b"\x94\xa5entry\xc4\x01?\x90\x90"), b"\xff\xff\xff\xff", framed(b"\x90")):
        with pytest.raises(LedgerDamaged):
            list(read(begun + tail).items())
    with pytest.raises(LedgerDamaged, match="goes on after its end"):
        list(read(good + b"\x00").items())
    end = b"\x93\xa3end\x01\xc4\x20" + sha256(begun).digest()
    with pytest.raises(LedgerDamaged, match="end does not fit"):
        list(read(begun + framed(end)).items())


def test_an_outsider_verifies_a_whole_export(store):
    """A program written from the document alone, without this package, comes to the same root and the same chains."""
    found = outsider.verify_whole(whole(store), SIGNER.origin, PUBLIC)
    report = verify(store.read())
    assert found["root"] == report.root == store.head.root
    assert found["erased"] == 1
    assert found["notices"] == {party: (chain.number, chain.head) for party, chain in report.notices.items()}


@pytest.mark.parametrize("party", PARTIES)
def test_an_outsider_verifies_a_partys_export(store, party):
    """The same for what one party was given."""
    found = outsider.verify_given(given_to(store, party), SIGNER.origin, PUBLIC)
    export = read(given_to(store, party))
    report = verify_given(export.items(), verify_note(export.note, [SIGNER.verifier]).checkpoint, party)
    assert found["notices"] == (report.notices[party].number, report.notices[party].head)


def test_the_outsider_finds_faults_too(store):
    """The outsider's program is no rubber stamp: a changed byte in the middle stops it."""
    data = bytearray(whole(store))
    data[len(data) // 2] ^= 1
    with pytest.raises(AssertionError):
        outsider.verify_whole(bytes(data), SIGNER.origin, PUBLIC)
