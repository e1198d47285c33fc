"""The conformance suite: what every store of a ledger promises, whichever it is."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from ledger_kit import SIGNER, entries, fill, salt

from wideberth.ledger.checkpoint import verify_note
from wideberth.ledger.entry import Part, erased, make_entry
from wideberth.ledger.merkle import EMPTY_ROOT, Tree, verify_consistency, verify_inclusion
from wideberth.ledger.sqlite import SqliteLedger
from wideberth.ledger.store import MemoryStore, WrongSize

KINDS = {"memory": lambda folder: MemoryStore(SIGNER), "sqlite": lambda folder: SqliteLedger(folder / "data", SIGNER)}
ENTRIES = entries(40)


@pytest.fixture(params=KINDS)
def store(request, tmp_path):
    made = KINDS[request.param](tmp_path)
    yield made
    made.close()


def root_of(made):
    tree = Tree()
    tree.extend(entry.leaf_hash for entry in made)
    return tree.root()


def test_a_new_ledger_is_empty(store):
    """A new ledger has no entry and a signed head that says so."""
    assert (store.head.size, store.head.root) == (0, EMPTY_ROOT)
    assert list(store.read()) == []
    assert verify_note(store.head.note, [SIGNER.verifier]).checkpoint.size == 0


def test_what_was_appended_is_read(store):
    """Entries are read back byte for byte, in order, from any place on and up to any limit."""
    fill(store, ENTRIES)
    assert list(store.read()) == ENTRIES
    for start in (0, 1, 7, 39, 40, 100):
        for limit in (None, 0, 1, 5, 100):
            wanted = ENTRIES[start:] if limit is None else ENTRIES[start : start + limit]
            assert list(store.read(start, limit)) == wanted


def test_the_head_covers_what_was_appended(store):
    """After each group the answered head, signed, has the size and the RFC 6962 root of all entries so far."""
    for at in range(0, 40, 8):
        head = store.append(ENTRIES[at : at + 8], at)
        assert head == store.head
        assert (head.size, head.root) == (at + 8, root_of(ENTRIES[: at + 8]))
        signed = verify_note(head.note, [SIGNER.verifier]).checkpoint
        assert (signed.origin, signed.size, signed.root) == (SIGNER.origin, head.size, head.root)


def test_another_size_changes_nothing(store):
    """A group that expects another size is turned away whole, with both sizes named."""
    fill(store, ENTRIES[:10])
    head = store.head
    for expected in (0, 9, 11):
        with pytest.raises(WrongSize) as caught:
            store.append(ENTRIES[10:12], expected)
        assert (caught.value.expected, caught.value.size) == (expected, 10)
    assert store.head == head
    assert list(store.read()) == ENTRIES[:10]


def test_an_empty_group_changes_nothing(store):
    """Appending nothing answers the head as it is."""
    fill(store, ENTRIES[:3])
    head = store.head
    assert store.append([], 3) == head == store.head


def test_what_does_not_follow_is_a_bug(store):
    """Gaps, repeats, times that stand still and parts that do not fit are assertions; the ledger stays as it was."""
    fill(store, ENTRIES[:5])
    parts = list(ENTRIES[5].parts)
    bad = [
        [ENTRIES[6]],
        [ENTRIES[4]],
        [ENTRIES[5], ENTRIES[7]],
        [make_entry(5, ENTRIES[4].time_us, parts)],
        [ENTRIES[5], make_entry(6, ENTRIES[5].time_us, parts)],
        [type(ENTRIES[5])(5, ENTRIES[5].time_us, ENTRIES[5].leaf, (Part(salt("x"), b"other"), *parts[1:]))],
        [type(ENTRIES[5])(5, ENTRIES[5].time_us + 1, ENTRIES[5].leaf, tuple(parts))],
        [type(ENTRIES[5])(5, ENTRIES[5].time_us, ENTRIES[5].leaf + b"\x00", tuple(parts))],
    ]
    for group in bad:
        with pytest.raises(AssertionError):
            store.append(group, 5)
    assert list(store.read()) == ENTRIES[:5]
    fill(store, ENTRIES[:8])
    assert list(store.read()) == ENTRIES[:8]


def test_proofs_come_from_the_tree(store):
    """Any entry is proved in any head that covers it, and any head extends any head before it."""
    heads = [store.head] + [store.append(ENTRIES[at : at + 8], at) for at in range(0, 40, 8)]
    for head in heads[1:]:
        for index in range(head.size):
            proof = store.tree.inclusion_proof(index, head.size)
            assert verify_inclusion(index, head.size, ENTRIES[index].leaf_hash, proof, head.root)
        for before in heads:
            if before.size <= head.size:
                proof = store.tree.consistency_proof(before.size, head.size)
                assert verify_consistency(before.size, head.size, before.root, head.root, proof)


def test_an_erased_part_is_gone_and_everything_else_stays(store):
    """Erasing takes salt and content of one part; leaf, head and all other parts stay; a second time says so."""
    fill(store, ENTRIES)
    head = store.head
    assert store.erase(11, 2) is True
    assert store.erase(11, 2) is False
    wanted = [*ENTRIES[:11], erased(ENTRIES[11], 2), *ENTRIES[12:]]
    assert list(store.read()) == wanted
    assert store.head == head
    assert next(store.read(11, 1)).parts[2] is None


def test_reading_ends_at_the_head_as_it_was(store):
    """A reader that began before an append reads what was there when it began."""
    fill(store, ENTRIES[:10])
    reader = store.read()
    first = next(reader)
    fill(store, ENTRIES[:20])
    assert [first, *reader] == ENTRIES[:10]


class AnyOrder(RuleBasedStateMachine):
    """A memory store and an SQLite ledger, driven alike and reopened at will, stay equal to a plain list."""

    @initialize()
    def begin(self):
        import tempfile
        from pathlib import Path

        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name)
        self.memory, self.disk = MemoryStore(SIGNER), SqliteLedger(self.path, SIGNER)
        self.model = []

    @rule(count=st.integers(0, 5))
    def append(self, count):
        group = entries(len(self.model) + count, start=len(self.model))
        assert self.memory.append(group, len(self.model)) == self.disk.append(group, len(self.model))
        self.model += group

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def erase(self, data):
        at = data.draw(st.integers(0, len(self.model) - 1))
        index = data.draw(st.integers(0, len(self.model[at].parts) - 1))
        there = self.model[at].parts[index] is not None
        assert self.memory.erase(at, index) == self.disk.erase(at, index) == there
        self.model[at] = erased(self.model[at], index)

    @rule()
    def reopen(self):
        self.disk.close()
        replayed = []
        self.disk = SqliteLedger(self.path, SIGNER, each=replayed.append)
        assert replayed == self.model

    @invariant()
    def equal(self):
        assert list(self.memory.read()) == list(self.disk.read()) == self.model
        assert self.memory.head == self.disk.head

    def teardown(self):
        self.disk.close()
        self.folder.cleanup()


AnyOrder.TestCase.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)
TestAnyOrder = AnyOrder.TestCase
