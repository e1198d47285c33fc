"""What was told is extended and never rewritten; everything else is an alarm."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from wideberth.client.history import Fork, History, Known, load, save
from wideberth.client.wire import Base64, NoticeRow
from wideberth.ledger.checkpoint import Signer, Verifier
from wideberth.ledger.entry import NO_HEAD, chain_notice
from wideberth.ledger.merkle import Tree

GENESIS = bytes(range(32))
AT = datetime(2026, 11, 22, tzinfo=UTC)
SIGNER = Signer("wideberth/valley/1", SigningKey(bytes(32)))
NODE = Verifier("wideberth/valley/1", bytes(SigningKey(bytes(32)).verify_key))


def chain(count: int, party: str = "AAA", salt: bytes = b"") -> list[NoticeRow]:
    """A notice chain of so many links."""
    rows, head = list[NoticeRow](), NO_HEAD
    for number in range(1, count + 1):
        content, head = chain_notice(party, number, head, 10 * number, number, salt + b"body")
        rows.append(NoticeRow(number, 10 * number, AT, Base64(head), "state", {}, Base64(content)))
    return rows


def fresh() -> History:
    """A client that was told nothing yet."""
    return History(Known("AAA", GENESIS))


def tree(leaves: int, word: bytes = b"leaf") -> Tree:
    """A tree over leaves of their own."""
    made = Tree()
    made.extend(hashlib.sha256(word + bytes([i])).digest() for i in range(leaves))
    return made


def note(over: Tree) -> str:
    """A signed checkpoint over a tree."""
    return SIGNER.note(over.size, over.root()).decode()


def test_a_chain_is_taken_link_by_link() -> None:
    """Notices in order are taken once each; those known already change nothing."""
    history, rows = fresh(), chain(5)
    assert [history.notice(row) for row in rows] == [True] * 5
    assert [history.notice(row) for row in rows] == [False] * 5
    assert history.known.number == 5
    assert history.known.head == rows[-1].head


def test_a_gap_is_an_alarm() -> None:
    """A notice that was held back is missed at once."""
    history, rows = fresh(), chain(5)
    history.notice(rows[0])
    with pytest.raises(Fork, match="one or more are missing"):
        history.notice(rows[2])


def test_another_history_is_an_alarm() -> None:
    """A notice that does not name the head before it, or another in the place of a known one, is an alarm."""
    history, rows, other = fresh(), chain(3), chain(3, salt=b"other")
    history.notice(rows[0])
    history.notice(rows[1])
    with pytest.raises(Fork, match="another head"):
        history.notice(other[1])
    with pytest.raises(Fork, match="does not follow"):
        history.notice(other[2])


def test_a_notice_to_another_is_an_alarm() -> None:
    """A notice of another party's chain is not taken for one's own."""
    with pytest.raises(Fork, match="does not follow"):
        fresh().notice(chain(1, "BBB")[0])


def test_altered_content_is_an_alarm() -> None:
    """The content has to be the one that the head names."""
    row = chain(1)[0]
    altered = NoticeRow(1, 10, AT, row.head, "state", {}, Base64(bytes(row.content or b"")[:-1] + b"x"))
    with pytest.raises(Fork, match="not the one that its head names"):
        fresh().notice(altered)


def test_checkpoints_extend_one_another() -> None:
    """A later checkpoint is taken with its proof, and is what envelopes then name."""
    history, big = fresh(), tree(9)
    assert history.seen == (0, b"")
    history.checkpoint(note(tree(5)), NODE, lambda a, b: ())
    history.checkpoint(note(big), NODE, lambda a, b: big.consistency_proof(a, b))
    assert history.seen == (9, big.root())


def test_a_rewritten_ledger_is_an_alarm() -> None:
    """No proof leads from one history to another, whatever the node sends; nor is a shorter one taken."""
    history, other = fresh(), tree(9, b"other")
    history.checkpoint(note(tree(5)), NODE, lambda a, b: ())
    with pytest.raises(Fork, match="does not extend"):
        history.checkpoint(note(other), NODE, lambda a, b: other.consistency_proof(a, b))
    with pytest.raises(Fork, match="not those shown before"):
        history.checkpoint(note(tree(5, b"other")), NODE, lambda a, b: ())
    with pytest.raises(Fork, match="5 were shown before"):
        history.checkpoint(note(tree(4)), NODE, lambda a, b: ())


def test_a_checkpoint_of_nobody_is_an_alarm() -> None:
    """Only the node of the theatre signs its checkpoints."""
    stranger = Signer("wideberth/valley/1", SigningKey(b"s" * 32))
    with pytest.raises(Fork, match="not signed by the node"):
        fresh().checkpoint(stranger.note(1, bytes(32)).decode(), NODE, lambda a, b: ())


def test_what_was_told_outlives_the_process(tmp_path: Path) -> None:
    """A later run goes on where this one stood, and holds the node to it."""
    path, rows = tmp_path / "told", chain(4)
    history = load(path, "AAA", GENESIS)
    history.notice(rows[0])
    save(path, history)
    again = load(path, "AAA", GENESIS)
    assert again.known == history.known
    assert again.notice(rows[1])
    with pytest.raises(Fork, match="another theatre"):
        load(path, "AAA", bytes(32))
    with pytest.raises(Fork, match="not BBB"):
        load(path, "BBB", GENESIS)
