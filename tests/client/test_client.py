"""A client and a node: commands, receipts, streams, and what a party does when the node lies."""

import io
import itertools
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from served import founded, seed_of, serving
from worlds import MINUTE

from wideberth.client import (
    Answer,
    BadReceipt,
    Client,
    Fork,
    NoticeRow,
    Problem,
    Silence,
    Tick,
    Unanswered,
    View,
    catch_up,
    follow,
    proposal_subject,
)
from wideberth.client.live import OpenAlert, WatchNow
from wideberth.client.stream import events
from wideberth.ledger.export import read_export
from wideberth.party.command import Activity, Disclosure, Domain, OperationState, Plan, Volumes
from wideberth.refusal import Refusal
from wideberth.space.units import time_to_us
from wideberth.space.volume import Circle, Volume4D


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A node that all tests of this file share; each files in a place of its own."""
    folder = tmp_path_factory.mktemp("client") / "valley"
    founded(folder)
    with serving(folder) as address:
        yield address


def client(url: str, party: str, **more: Any) -> Client:
    """A party's client."""
    return Client(url, party, seed_of(party), **more)


def around(lat: float, lon: float, start_us: int, minutes: int = 30) -> list[Volume4D]:
    """A circle of 2 km for half an hour from an hour after `start_us`."""
    first = start_us + 60 * MINUTE
    circle = Circle(round(lat * 1e9), round(lon * 1e9), 2_000_000)
    return [Volume4D(circle, 1_000_000, 1_300_000, first, first + minutes * MINUTE)]


def now_us(of: Client) -> int:
    """The node's time."""
    view = of.view()
    assert isinstance(view, View)
    return time_to_us(view.as_of.time)


def good(answer: Answer | Problem | None) -> Answer:
    """An answer that is an acceptance."""
    assert isinstance(answer, Answer), answer
    return answer


def test_a_plan_stands_and_is_receipted(url: str) -> None:
    """A filed plan is read back as it was, and its receipt names the entry."""
    with client(url, "AAA") as mine:
        operation = mine.new_id()
        volumes = around(40.1, -40, now_us(mine))
        answer = good(mine.plan(operation, volumes, label="A-1", note="first", disclosure=Disclosure.OPEN))
        assert answer.receipt.sequence == answer.position
        assert "No known conflict" in answer.statement
        found = mine.operation(operation)
        assert not isinstance(found, Problem)
        assert (found.label, found.note, found.version, found.state) == ("A-1", "first", 1, "Accepted")
        assert found.volumes[0].lower.value == 1_000.0


def test_the_same_id_gets_the_first_answer(url: str) -> None:
    """A command that is sent again, as after a broken line, changes nothing and is answered alike."""
    with client(url, "AAA") as mine:
        sealed = mine.seal(*_plan_of(mine, 40.2))
        first, second = good(mine.repeat(sealed)), good(mine.repeat(sealed))
        assert first == second
        assert len(mine.receipts) == 2


def _plan_of(mine: Client, lat: float) -> tuple[Any, list[Any]]:
    """A plan command and its parts."""
    parts = [Volumes(tuple(around(lat, -40, now_us(mine))))]
    what = (0, Domain.AIR, True, Activity.OTHER, Disclosure.CONFLICT_ONLY)
    return Plan(mine.new_id(), 0, 0, *what), parts


def test_a_lost_answer_is_asked_for_again(url: str) -> None:
    """An answer that was lost on the way is no lost command: the client asks by the same id and gets it once."""
    lose = iter([True, False])
    inner = httpx.HTTPTransport()

    class Lossy(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            answer = inner.handle_request(request)
            if request.url.path == "/v1/commands" and next(lose):
                answer.read()
                raise httpx.ReadError("the line broke")
            return answer

        def close(self) -> None:
            inner.close()

    with client(url, "BBB", transport=Lossy(), sleep=lambda _: None) as mine:
        command, parts = _plan_of(mine, 40.3)
        answer = good(mine.say(command, parts))
        found = mine.operation(command.operation)
        assert not isinstance(found, Problem)
        assert (found.version, found.position) == (1, answer.position)


def test_an_unanswered_command_is_asked_for_later(url: str) -> None:
    """When patience ends, the caller holds the sealed command and asks again by its id: it stands once."""
    inner = httpx.HTTPTransport()
    dead = True

    class Dead(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            answer = inner.handle_request(request)
            if dead and request.url.path == "/v1/commands":
                answer.read()
                raise httpx.ReadError("the line broke")
            return answer

        def close(self) -> None:
            inner.close()

    with client(url, "CCC", transport=Dead(), sleep=lambda _: None, patience_s=1) as mine:
        command, parts = _plan_of(mine, 39.0)
        with pytest.raises(Unanswered) as lost:
            mine.say(command, parts)
        dead = False
        answer = good(mine.repeat(lost.value.sealed))
        found = mine.operation(command.operation)
        assert not isinstance(found, Problem)
        assert (found.version, found.position) == (1, answer.position)


def test_a_conflict_is_met_talked_over_and_settled(url: str) -> None:
    """Two parties file, learn of one another, and settle by a shift, each through the client."""
    with client(url, "AAA") as mine, client(url, "BBB") as peer:
        at = now_us(mine)
        first, second = mine.new_id(), peer.new_id()
        good(mine.plan(first, around(40.4, -40, at), label="A-2", shared="Relief."))
        opened = good(peer.plan(second, around(40.41, -40, at), label="B-2"))
        (conflict,) = opened.conflicts
        assert (conflict.other.party, conflict.severity, conflict.blocks) == ("AAA", "overlap", "mine")
        refused = peer.set_state(second, 1, OperationState.ACTIVATED)
        assert isinstance(refused, Problem)
        assert refused.reason == "conflict-open"
        assert refused.receipt is not None
        good(mine.propose_shift(conflict.id, "other", start_s=3_600, note="Please come later."))
        seen = peer.conflict(conflict.id)
        assert not isinstance(seen, Problem)
        (proposal,) = seen.proposals
        assert (proposal.change.whose, proposal.change.start_s, proposal.note) == ("mine", 3_600, "Please come later.")
        good(peer.concur(proposal_subject(conflict.id, proposal.id)))
        good(peer.set_state(second, 2, OperationState.ACTIVATED))
        moved = peer.operation(second)
        assert not isinstance(moved, Problem)
        assert moved.state == "Activated"


def test_talk_of_every_kind_gets_through(url: str) -> None:
    """Procedures, objections, withdrawals and accepted risks are said and answered."""
    with client(url, "AAA") as mine, client(url, "CCC") as peer:
        at = now_us(mine)
        good(mine.plan(mine.new_id(), around(40.6, -40, at)))
        (conflict,) = good(peer.plan(peer.new_id(), around(40.61, -40, at))).conflicts
        first, second = mine.new_id(), mine.new_id()
        good(mine.propose_procedure(conflict.id, "Call first.", proposal=first))
        good(peer.object(proposal_subject(conflict.id, first), "No radio."))
        good(mine.propose_reroute(conflict.id, around(40.9, -41, at), proposal=second))
        good(mine.withdraw(proposal_subject(conflict.id, second)))
        good(mine.accept_risk(conflict.id, "We look out."))
        good(peer.accept_risk(conflict.id, "So do we."))
        seen = mine.conflict(conflict.id)
        assert not isinstance(seen, Problem)
        assert (seen.state, [p.state for p in seen.proposals]) == ("accepted", ["objected", "withdrawn"])


def test_a_false_receipt_is_an_alarm(url: str) -> None:
    """A receipt for other bytes, or not signed by the node, is no receipt."""
    with client(url, "CCC") as mine:
        sealed, other = mine.seal(*_plan_of(mine, 41.0)), mine.seal(*_plan_of(mine, 41.1))
        receipt = good(mine.repeat(sealed)).receipt
        with pytest.raises(BadReceipt, match="another command"):
            mine._check_receipt(receipt, other)
        forged = msgspec.structs.replace(receipt, time_us=receipt.time_us + 1)
        with pytest.raises(BadReceipt, match="not signed by the node"):
            mine._check_receipt(forged, sealed)
        elsewhere = msgspec.structs.replace(receipt, context="wideberth/receipt/9")
        with pytest.raises(BadReceipt, match="another theatre"):
            mine._check_receipt(elsewhere, sealed)


def test_the_history_is_proven_as_it_grows(url: str) -> None:
    """Each checkpoint is proven to extend the last; envelopes then name it; notices are signed for."""
    with client(url, "AAA") as mine:
        first = mine.checkpoint()
        good(mine.plan(mine.new_id(), around(41.3, -40, now_us(mine))))
        second = mine.checkpoint()
        assert not isinstance(first, Problem)
        assert not isinstance(second, Problem)
        assert second.size > first.size
        assert mine.history.seen == (second.size, second.root)
        rows = catch_up(mine, limit=3)
        assert isinstance(rows, list)
        assert [row.number for row in rows] == list(range(1, len(rows) + 1))
        good(mine.sign_head())
        assert isinstance(mine.sign_head(), Problem)


def test_a_node_that_forgot_is_an_alarm(url: str) -> None:
    """A ledger that does not have what the client was shown raises an alarm on every road."""
    with client(url, "BBB") as mine:
        mine.checkpoint()
        known = mine.history.known
        known.size, known.root = known.size, bytes(32)
        with pytest.raises(Fork, match="does not know the history"):
            mine.plan(mine.new_id(), around(41.5, -40, now_us(mine)))
        known.number = 10_000
        with pytest.raises(Fork, match="does not know notice"):
            next(iter(follow(mine)))


def test_the_stream_tells_each_notice_once_across_breaks(url: str) -> None:
    """A stream that is cut is taken up again: every notice comes, in order, none twice."""
    cuts = iter([1, 2])

    class Cutting(httpx.BaseTransport):
        def __init__(self) -> None:
            self.inner = httpx.HTTPTransport()

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            answer = self.inner.handle_request(request)
            cut = next(cuts, None) if request.url.path == "/v1/stream" else None
            if cut is None:
                return answer
            return httpx.Response(answer.status_code, headers=answer.headers, stream=Cut(answer, cut))

        def close(self) -> None:
            self.inner.close()

    class Cut(httpx.SyncByteStream):
        def __init__(self, answer: httpx.Response, after: int) -> None:
            self.answer, self.after = answer, after

        def __iter__(self) -> Iterator[bytes]:
            stream = self.answer.stream
            assert isinstance(stream, httpx.SyncByteStream)
            for i, piece in enumerate(stream):
                yield piece
                if i + 1 >= self.after:
                    raise httpx.ReadError("cut")

        def close(self) -> None:
            self.answer.close()

    with client(url, "AAA") as mine, client(url, "BBB") as peer:
        at = now_us(mine)
        good(mine.plan(mine.new_id(), around(41.7, -40, at)))
        answer = good(peer.plan(peer.new_id(), around(41.71, -40, at)))
        with client(url, "AAA", transport=Cutting(), sleep=lambda _: None) as reader:
            numbers: list[int] = []
            done = threading.Event()
            for event in follow(reader, done.is_set):
                if isinstance(event, NoticeRow):
                    numbers.append(event.number)
                elif isinstance(event, Tick) and numbers and event.position > answer.position:
                    done.set()
        assert numbers == list(range(1, len(numbers) + 1))
        rows = mine.notices(0, 500)
        assert not isinstance(rows, Problem)
        assert len(rows.notices) == len(numbers)


def test_who_missed_alerts_asks_for_the_picture(url: str) -> None:
    """Where the node says that alerts fell away, and after a break, the picture comes whole; one that could not be had
    is asked for again."""
    place = {"lat_deg": 42.0, "lon_deg": -38.0, "error_m": 10.0, "age_s": 1.0}
    view = {"kind": "pair", "state": "happened", "own": "a", "other": "b", "opened_us": 1, "acknowledged_us": 0,
            "doubt": "", "mine": place}  # fmt: skip
    now = "2026-11-22T20:00:00Z"
    picture = {"as_of": {"position": 1, "time": now, "root": ""}, "swept": now, "feeds": [], "own": [],
               "alerts": [{"id": str(UUID(int=7)), "view": view}]}  # fmt: skip
    answers = iter([httpx.Response(500, json={"status": 500}), *[httpx.Response(200, json=picture)] * 2])
    streams = iter([b'event: missed\ndata: {"ask":"/v1/watch"}\n\n', b"", b""])

    class Missing(httpx.BaseTransport):
        def __init__(self) -> None:
            self.inner = httpx.HTTPTransport()

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.path == "/v1/stream":
                return httpx.Response(200, content=next(streams))
            return next(answers) if request.url.path == "/v1/watch" else self.inner.handle_request(request)

        def close(self) -> None:
            self.inner.close()

    with client(url, "AAA", transport=Missing(), sleep=lambda _: None) as reader:
        seen = list(itertools.islice(follow(reader), 5))
    assert [type(event) for event in seen] == [Silence, WatchNow, OpenAlert, Silence, WatchNow]
    assert isinstance(seen[2], OpenAlert)
    assert (seen[2].id, seen[2].view.state) == (UUID(int=7), "happened")


def test_events_are_read_as_the_standard_says() -> None:
    """Comments and ids are passed over, data lines are joined, an unfinished event is dropped."""
    lines = [":hello", "event: tick", "data: 1", "data: 2", "id: 7", "", "data:x", "", "event: lost", "data: y"]
    assert list(events(lines)) == [("tick", "1\n2"), ("message", "x")]


def test_what_was_given_is_exported(url: str) -> None:
    """A party takes home what it was given, as a file that anybody can verify."""
    with client(url, "CCC") as mine:
        good(mine.plan(mine.new_id(), around(42.0, -40, now_us(mine))))
        file = io.BytesIO()
        assert isinstance(mine.export(file), int)
        file.seek(0)
        export = read_export(file)
        assert not isinstance(export, Refusal)
        assert export.party == "CCC"
        assert any(item.entry.parts[0] is not None for item in export.items())


def test_bad_input_comes_back_as_a_value(url: str) -> None:
    """What the theatre refuses is returned with its reason, and raises nothing."""
    with client(url, "AAA") as mine:
        late = around(40, -40, now_us(mine) - 600 * MINUTE)
        answer = mine.plan(mine.new_id(), late)
        assert isinstance(answer, Problem)
        assert (answer.status, answer.reason) == (400, "in-the-past")
        missing = mine.operation(bytes(16))
        assert isinstance(missing, Problem)
        assert missing.status == 404


def test_a_stopped_node_is_waited_for(tmp_path: Path) -> None:
    """A client outlives a node that is started anew: sessions and streams are opened again."""
    founded(tmp_path / "valley")
    with serving(tmp_path / "valley") as address:
        port = int(address.rsplit(":", 1)[1])
        mine = client(address, "AAA")
        good(mine.plan(mine.new_id(), around(40, -40, now_us(mine))))
    with mine, serving(tmp_path / "valley", port):
        view = mine.view()
        assert isinstance(view, View)
        assert len([operation for operation in view.operations if operation.mine]) == 1
