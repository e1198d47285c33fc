"""The tree against RFC 6962's own recursive definitions and against published vectors."""

from hashlib import sha256

import pytest
import rfc6962_oracle as rfc6962
from hypothesis import given
from hypothesis import strategies as st

from wideberth.ledger.merkle import EMPTY_ROOT, Tree, verify_consistency, verify_inclusion

SIZES = 70
LEAVES = [b"leaf %d" % index for index in range(SIZES)]


def hashes(leaves):
    return [sha256(b"\x00" + leaf).digest() for leaf in leaves]


def tree_of(leaves):
    tree = Tree()
    tree.extend(hashes(leaves))
    return tree


@pytest.fixture(scope="module")
def tree():
    return tree_of(LEAVES)


@pytest.fixture(scope="module")
def roots():
    return [rfc6962.mth(LEAVES[:size]) for size in range(SIZES + 1)]


def test_published_roots():
    """The published Certificate Transparency leaves give the published roots at each size."""
    tree = Tree()
    for size, root in enumerate(rfc6962.ROOTS):
        assert tree.root() == root
        if size < len(rfc6962.LEAVES):
            tree.append(hashes([rfc6962.LEAVES[size]])[0])


@pytest.mark.parametrize(("index", "size"), rfc6962.INCLUSION)
def test_published_inclusion_proofs(index, size):
    """The published inclusion proofs are the ones we make."""
    wanted = [bytes.fromhex(text) for text in rfc6962.INCLUSION[index, size]]
    assert list(tree_of(rfc6962.LEAVES).inclusion_proof(index, size)) == wanted


@pytest.mark.parametrize(("first", "second"), rfc6962.CONSISTENCY)
def test_published_consistency_proofs(first, second):
    """The published consistency proofs are the ones we make."""
    wanted = [bytes.fromhex(text) for text in rfc6962.CONSISTENCY[first, second]]
    assert list(tree_of(rfc6962.LEAVES).consistency_proof(first, second)) == wanted


def test_the_oracle_knows_the_published_vectors():
    """The oracle itself gives the published roots, so agreeing with it means something."""
    assert [rfc6962.mth(rfc6962.LEAVES[:size]) for size in range(9)] == rfc6962.ROOTS


def test_root_at_every_size(tree, roots):
    """One tree answers the root of every size it ever had."""
    assert [tree.root(size) for size in range(SIZES + 1)] == roots


def test_growing_by_one_is_growing_at_once(roots):
    """Roots while growing are the roots of the grown tree."""
    tree = Tree()
    grown = [tree.root()]
    for leaf in hashes(LEAVES):
        tree.append(leaf)
        grown.append(tree.root())
    assert grown == roots


def test_every_inclusion_proof(tree, roots):
    """Every inclusion proof up to 70 leaves is the RFC's, verifies, and fits no other index, size, leaf or root."""
    leaf = hashes(LEAVES)
    for size in range(1, SIZES + 1):
        for index in range(size):
            path = tree.inclusion_proof(index, size)
            assert list(path) == rfc6962.path(index, LEAVES[:size])
            assert verify_inclusion(index, size, leaf[index], path, roots[size])
            assert not verify_inclusion(index, size, leaf[index - 1], path, roots[size]) or size == 1
            assert not verify_inclusion(index, size, leaf[index], path, roots[size - 1])
            assert not verify_inclusion(index ^ 1, size, leaf[index], path, roots[size])
            assert not verify_inclusion(index, size * 2, leaf[index], path, roots[size])


def test_every_consistency_proof(tree, roots):
    """Every consistency proof up to 70 leaves is the RFC's, verifies, and fits no other pair of roots."""
    for second in range(SIZES + 1):
        for first in range(second + 1):
            path = tree.consistency_proof(first, second)
            assert list(path) == (rfc6962.proof(first, LEAVES[:second]) if first < second else [])
            assert verify_consistency(first, second, roots[first], roots[second], path)
            if 0 < first < second:
                assert not verify_consistency(first, second, roots[first - 1], roots[second], path)
                assert not verify_consistency(first, second, roots[first], roots[second - 1], path)
                assert not verify_consistency(first, second, roots[first], roots[second], ())
                assert not verify_consistency(first, second, roots[first], roots[second], (*path, roots[0]))


def test_edges_of_verification():
    """What no tree has is never verified: index past the end, shrinking, short hashes, proofs where none belongs."""
    one = hashes([b"x"])[0]
    assert verify_inclusion(0, 1, one, (), one)
    assert not verify_inclusion(0, 0, one, (), one)
    assert not verify_inclusion(1, 1, one, (), one)
    assert not verify_inclusion(-1, 1, one, (), one)
    assert not verify_inclusion(0, 1, b"", (), b"")
    assert not verify_inclusion(0, 1, one, (one,), one)
    assert not verify_consistency(2, 1, one, one, ())
    assert not verify_consistency(-1, 1, one, one, ())
    assert not verify_consistency(1, 1, one, one, (one,))
    assert not verify_consistency(0, 1, EMPTY_ROOT, one, (one,))
    assert not verify_consistency(0, 1, one, one, ())
    assert not verify_consistency(1, 2, one, one, (b"short",))


@given(st.data())
def test_a_changed_proof_never_verifies(data):
    """Any one flipped bit, lost, doubled or added element makes a proof fail."""
    size = data.draw(st.integers(2, SIZES))
    first = data.draw(st.integers(1, size - 1))
    tree = tree_of(LEAVES[:size])
    inclusion, consistency = tree.inclusion_proof(first), tree.consistency_proof(first)
    leaf = hashes(LEAVES)[first]
    for proof in (inclusion, consistency):
        at = data.draw(st.integers(0, len(proof) - 1))
        bit = data.draw(st.integers(0, 255))
        flipped = (int.from_bytes(proof[at], "big") ^ (1 << bit)).to_bytes(32, "big")
        for bad in (
            (*proof[:at], flipped, *proof[at + 1 :]),
            (*proof[:at], *proof[at + 1 :]),
            (*proof[:at], proof[at], *proof[at:]),
            (*proof, proof[-1]),
            (leaf, *proof),
        ):
            assert not (proof is inclusion and verify_inclusion(first, size, leaf, bad, tree.root()))
            assert not (proof is consistency and verify_consistency(first, size, tree.root(first), tree.root(), bad))
