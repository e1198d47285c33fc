"""What a node answers, read as values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wideberth.client.wire import BadAnswer, Problem, Tick, View, b64, read, unb64

TICK = b'{"position":3,"time":"2026-11-22T06:12:40Z","open_version":1,"node_time":"2026-11-22T06:12:41.5Z","later":1}'


@given(st.binary(max_size=100))
def test_base64url_comes_back(data: bytes) -> None:
    """Bytes that travel as base64url come back as they were, and carry no padding."""
    assert unb64(b64(data)) == data
    assert "=" not in b64(data)


def test_unknown_members_are_passed_over() -> None:
    """A client reads a newer node, whose answers have members that it does not know."""
    tick = read(TICK, Tick)
    assert (tick.position, tick.open_version, tick.node_time.microsecond) == (3, 1, 500_000)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"position":"x"}', b"<html>", b'{"position":3}', b"\xff"])
def test_another_form_is_no_answer(body: bytes) -> None:
    """What is not of the form that the API states is told apart from a refusal."""
    with pytest.raises(BadAnswer, match="no Tick"):
        read(body, Tick)


def test_bad_base64_is_no_answer() -> None:
    """A hash that is no base64url is found out at the edge."""
    with pytest.raises(BadAnswer):
        read(b'{"as_of":{"position":1,"time":"2026-11-22T06:12:40Z","root":"@@"}}', View)


def test_a_problem_has_a_sentence() -> None:
    """Whatever a refusal carries, there is a sentence for people."""
    assert read(b'{"status":409,"detail":"It is so."}', Problem).sentence() == "It is so."
    assert Problem(502).sentence() == "The node answered 502."
