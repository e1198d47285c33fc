"""Verification: a whole ledger or what one party was given, and every kind of fault, named by its first entry."""

from hashlib import sha256

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_kit import PARTIES, SIGNER, T0, content, entries, fill, salt

from wideberth.ledger.checkpoint import Checkpoint
from wideberth.ledger.entry import NO_HEAD, Entry, Part, chain_notice, erased, make_entry, read_notice
from wideberth.ledger.merkle import Tree
from wideberth.ledger.store import LedgerDamaged, MemoryStore
from wideberth.ledger.verify import FAULTS_MAX, ChainHead, Given, trailing_notices, verify, verify_given

ENTRIES = entries(60)


def tree_of(made):
    tree = Tree()
    tree.extend(entry.leaf_hash for entry in made)
    return tree


def checkpoint(made, size=None):
    tree = tree_of(made)
    size = tree.size if size is None else size
    return Checkpoint(SIGNER.origin, size, tree.root(size))


def notice_to(entry):
    """The party of the notice at the entry's end, by the kit's construction; None where there is none."""
    return PARTIES[entry.sequence % 3] if entry.sequence % 3 else None


def chains(made):
    heads = {}
    for entry in made:
        if notice_to(entry):
            number = heads.get(notice_to(entry), ChainHead()).number + 1
            heads[notice_to(entry)] = ChainHead(number, sha256(entry.parts[-1].content).digest())
    return heads


def bundle(made, party, size=None):
    tree = tree_of(made)
    items = []
    for entry in made:
        if notice_to(entry) == party:
            parts = (*[None] * (len(entry.parts) - 1), entry.parts[-1])
            shown = Entry(entry.sequence, entry.time_us, entry.leaf, parts)
            items.append(Given(shown, tree.inclusion_proof(entry.sequence, size)))
    return items


def remade(at, **changes):
    """The ledger with one entry replaced and everything after it as it was."""
    entry = ENTRIES[at]
    fields = {"sequence": entry.sequence, "time_us": entry.time_us, "parts": entry.parts} | changes
    return [*ENTRIES[:at], make_entry(**fields), *ENTRIES[at + 1 :]]


def test_a_sound_ledger():
    """A sound ledger is found sound, and what it holds is counted; also against a checkpoint before its end."""
    report = verify(ENTRIES, checkpoint(ENTRIES))
    assert report.ok
    assert (report.entries, report.parts, report.absent) == (60, 60 * 3 + 40, 0)
    assert (report.first_time_us, report.last_time_us) == (T0, T0 + 590)
    assert report.root == tree_of(ENTRIES).root()
    assert report.notices == chains(ENTRIES)
    assert verify(ENTRIES, checkpoint(ENTRIES, 31)).ok
    assert verify(ENTRIES).ok
    assert verify([], checkpoint([])).ok


def test_a_store_is_verified_as_it_reads():
    """What a store reads can be verified as it comes."""
    store = fill(MemoryStore(SIGNER), ENTRIES)
    assert verify(store.read(), Checkpoint(SIGNER.origin, store.head.size, store.head.root)).ok


def test_erased_parts_are_counted():
    """Erased parts are no fault, notices among them: the next notice still names the erased one's head."""
    gone = [
        erased(erased(entry, 0), len(entry.parts) - 1) if entry.sequence in (4, 5, 10) else entry for entry in ENTRIES
    ]
    report = verify(gone, checkpoint(ENTRIES))
    assert report.ok, report.faults
    assert report.absent == 6
    assert report.notices == chains(ENTRIES)


def test_a_notice_that_is_missing_is_not_excused_by_fewer_erased():
    """A chain with two gaps and one erased notice has a fault."""
    gone = [erased(entry, 3) if entry.sequence == 4 else entry for entry in ENTRIES]
    assert verify(gone, first_notice=lambda entry: 3).ok
    gone[10] = make_entry(10, ENTRIES[10].time_us, ENTRIES[10].parts[:3])
    report = verify(gone)
    assert [(fault.sequence, "is missing" in fault.what) for fault in report.faults] == [(13, True)]


@pytest.mark.parametrize(
    ("made", "sequence", "words"),
    [
        ([*ENTRIES[:20], *ENTRIES[21:]], 20, "entry 21 stands in its place"),
        ([*ENTRIES[:20], ENTRIES[19], *ENTRIES[20:]], 20, "entry 19 stands"),
        ([*ENTRIES[:20], ENTRIES[21], ENTRIES[20], *ENTRIES[22:]], 20, "entry 21 stands"),
        (ENTRIES[1:], 0, "entry 1 stands"),
        (ENTRIES[:50], 50, "counts 60 entries, 50 were read"),
        (remade(30, time_us=ENTRIES[29].time_us), 30, "time is not after"),
        (remade(30, parts=[*ENTRIES[30].parts[:2], Part(salt("x"), b"y")]), 0, "not those of the checkpoint"),
        ([*ENTRIES[:9], Entry(9, T0 + 90, ENTRIES[9].leaf, ENTRIES[8].parts), *ENTRIES[10:]], 9, "part 0 does not fit"),
        ([*ENTRIES[:9], Entry(9, T0 + 90, ENTRIES[9].leaf, ENTRIES[9].parts[:2]), *ENTRIES[10:]], 9, "part 2 does not"),
        ([*ENTRIES[:9], Entry(9, T0 + 91, ENTRIES[9].leaf, ENTRIES[9].parts), *ENTRIES[10:]], 9, "leaf is that of"),
        (
            [*ENTRIES[:9], Entry(9, T0 + 90, ENTRIES[8].leaf, ENTRIES[8].parts), *ENTRIES[10:]],
            9,
            "leaf is that of entry 8",
        ),
        ([*ENTRIES[:9], Entry(9, T0 + 90, b"?", ENTRIES[9].parts), *ENTRIES[10:]], 9, "leaf is not one"),
    ],
)
def test_what_is_wrong_is_named(made, sequence, words):
    """Each fault names its entry and what is wrong, first fault first."""
    report = verify(made, checkpoint(ENTRIES))
    assert not report.ok
    assert report.faults[0].sequence == sequence
    assert words in report.faults[0].sentence()


def test_a_source_that_ends_in_damage_is_reported():
    """When the source itself breaks off, the report says where."""

    def broken():
        yield from ENTRIES[:12]
        raise LedgerDamaged(12, "it breaks")

    report = verify(broken(), checkpoint(ENTRIES))
    assert (report.faults[0].sequence, report.faults[0].what) == (12, "it breaks")
    assert report.entries == 12


def test_the_callers_findings_are_faults():
    """What the caller finds in an entry (a signature that does not hold) stands in the report, all of it, up to 100."""
    report = verify(ENTRIES, on_entry=lambda entry: "its signature does not hold" if entry.sequence in (7, 9) else None)
    assert [fault.sentence() for fault in report.faults] == [
        "Entry 7: its signature does not hold.",
        "Entry 9: its signature does not hold.",
    ]
    assert len(verify(entries(150), on_entry=lambda entry: "x").faults) == FAULTS_MAX


def notice_entry(sequence, party, number, head, made_in=None, time_us=None):
    time_us = T0 + 10 * sequence if time_us is None else time_us
    text, after = chain_notice(party, number, head, sequence if made_in is None else made_in, time_us, b"b")
    contents = [b"envelope", b"decision", text]
    parts = [Part(salt(sequence, index), data) for index, data in enumerate(contents)]
    return make_entry(sequence, T0 + 10 * sequence, parts), after


def test_faults_of_a_notice_chain():
    """A number that is missing or repeated, another head, a notice of another entry: each is found in its entry."""
    first, head = notice_entry(0, "p", 1, NO_HEAD)
    cases = [
        (notice_entry(1, "p", 3, head)[0], "before notice 3 to p, 2 is missing"),
        (notice_entry(1, "p", 5, head)[0], "before notice 5 to p, 2 to 4 is missing"),
        (notice_entry(1, "p", 1, NO_HEAD)[0], "notice 1 to p follows number 1"),
        (notice_entry(1, "p", 2, b"x" * 32)[0], "notice 2 to p names another notice before it"),
        (notice_entry(1, "q", 2, head)[0], "before notice 2 to q, 1 is missing"),
        (notice_entry(1, "p", 2, head, made_in=9)[0], "part 2 is not a notice of this entry"),
        (notice_entry(1, "p", 2, head, time_us=T0)[0], "part 2 is not a notice of this entry"),
    ]
    for second, words in cases:
        report = verify([first, second], first_notice=lambda entry: 2)
        assert [(fault.sequence, fault.what) for fault in report.faults] == [(1, words)]
    assert verify([first, notice_entry(1, "p", 2, head)[0]], first_notice=lambda entry: 2).ok


def test_a_part_that_only_looks_like_a_notice_breaks_no_chain():
    """A party that attaches a part in a notice's form, to break another's chain, breaks nothing."""
    first, head = notice_entry(0, "p", 1, NO_HEAD)
    forged, _ = chain_notice("p", 2, head, 0, 0, b"forged")
    real, _ = chain_notice("p", 2, head, 1, T0 + 10, b"real")
    contents = [b"envelope", b"decision", forged, real]
    second = make_entry(1, T0 + 10, [Part(salt(1, index), data) for index, data in enumerate(contents)])
    assert trailing_notices(second) == 3
    assert verify([first, second]).ok
    assert verify([first, second], first_notice=lambda entry: len(entry.parts) - 1).ok


@pytest.mark.parametrize("party", PARTIES[1:])
def test_what_a_party_was_given(party):
    """A party proves with its own parts alone what it was told, in which order, and that nothing is missing between."""
    report = verify_given(bundle(ENTRIES, party), checkpoint(ENTRIES), party)
    assert report.ok, report.faults
    assert report.notices[party] == chains(ENTRIES)[party]
    assert report.entries == 20


def test_what_a_party_was_given_later():
    """A bundle that begins later is checked from where the party's chain stood."""
    items = bundle(ENTRIES, "south")
    at = ChainHead(5, sha256(items[4].entry.parts[-1].content).digest())
    assert verify_given(items[5:], checkpoint(ENTRIES), "south", at).ok
    assert not verify_given(items[5:], checkpoint(ENTRIES), "south").ok
    assert not verify_given(items[4:], checkpoint(ENTRIES), "south", at).ok


def test_faults_of_what_a_party_was_given():
    """A gap, a swap, another's notice, a wrong proof, a doctored part: each is found in its entry."""
    items = bundle(ENTRIES, "south")
    other = bundle(ENTRIES, "relief")
    bad_part = Part(items[3].entry.parts[-1].salt, items[3].entry.parts[-1].content + b"!")
    shown = items[3].entry
    doctored = Given(Entry(shown.sequence, shown.time_us, shown.leaf, (*shown.parts[:-1], bad_part)), items[3].proof)
    cases = [
        ([*items[:3], *items[4:]], items[4].entry.sequence, "is missing"),
        ([*items[:3], items[4], items[3], *items[5:]], items[4].entry.sequence, "is missing"),
        ([*items[:3], items[2], *items[3:]], items[2].entry.sequence, "time is not after"),
        ([*items[:3], other[3], *items[3:]], other[3].entry.sequence, "notice to relief"),
        ([*items[:3], Given(items[3].entry, items[2].proof)], items[3].entry.sequence, "inclusion proof"),
        ([*items[:3], Given(items[3].entry, ())], items[3].entry.sequence, "inclusion proof"),
        ([*items[:3], doctored], items[3].entry.sequence, "does not fit its commitment"),
    ]
    for made, sequence, words in cases:
        report = verify_given(made, checkpoint(ENTRIES), "south")
        assert report.faults[0].sequence == sequence, (words, report.faults)
        assert words in report.faults[0].what
    assert not verify_given(items, checkpoint(entries(60, seed="other")), "south").ok


@given(st.integers(0, 59), st.data())
def test_any_flipped_bit_of_a_part_is_named(at, data):
    """One changed bit in any salt or content of any entry is found, in exactly that entry."""
    entry = ENTRIES[at]
    index = data.draw(st.integers(0, len(entry.parts) - 1))
    salted = bytearray(entry.parts[index].salt + entry.parts[index].content)
    bit = data.draw(st.integers(0, len(salted) * 8 - 1))
    salted[bit // 8] ^= 1 << bit % 8
    parts = (*entry.parts[:index], Part(bytes(salted[:32]), bytes(salted[32:])), *entry.parts[index + 1 :])
    made = [*ENTRIES[:at], Entry(at, entry.time_us, entry.leaf, parts), *ENTRIES[at + 1 :]]
    faults = verify(made, checkpoint(ENTRIES)).faults
    assert (faults[0].sequence, faults[0].what) == (at, f"part {index} does not fit its commitment")


@given(st.integers(0, 59), st.data())
def test_any_flipped_bit_of_a_leaf_is_found(at, data):
    """One changed bit in any leaf is found."""
    entry = ENTRIES[at]
    leaf = bytearray(entry.leaf)
    bit = data.draw(st.integers(0, len(leaf) * 8 - 1))
    leaf[bit // 8] ^= 1 << bit % 8
    made = [*ENTRIES[:at], Entry(at, entry.time_us, bytes(leaf), entry.parts), *ENTRIES[at + 1 :]]
    assert not verify(made, checkpoint(ENTRIES)).ok


def test_the_kits_notices_are_notices():
    """The entries that these tests use do hold chained notices."""
    notices = [read_notice(entry.parts[-1].content) for entry in ENTRIES if notice_to(entry)]
    assert len(notices) == 40
    assert msgspec.msgpack.decode(ENTRIES[1].parts[-1].content)[0] == "wideberth/notice/1"
    assert content(1) != content(2)
