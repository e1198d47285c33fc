"""Requests with patience, and refusals as values; the node is a function here."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from worlds import seed_of

from wideberth.client.connection import Connection, Refused, Unreachable, retry_after_s
from wideberth.client.wire import AsOf, Problem, b64, unb64
from wideberth.party.identity import public_key, signature_holds

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
PROBLEM = {"content-type": "application/problem+json"}
ABOUT = {
    "theatre": "valley", "name": "Valley", "epoch": 1, "origin": "wideberth/valley/1", "exercise": True,
    "genesis": b64(bytes(32)), "node_key": b64(bytes(32)), "version": "0", "decide_version": 1,
}  # fmt: skip


class Bench:
    """A connection to a function, with a clock that moves as it sleeps."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response], patience_s: float = 10) -> None:
        self.slept: list[float] = []
        self.now = NOW
        self.connection = Connection(
            "http://node", "AAA", seed_of("AAA"), transport=httpx.MockTransport(answer), patience_s=patience_s,
            now=lambda: self.now, sleep=self.sleep,
        )  # fmt: skip

    def sleep(self, seconds: float) -> None:
        """Time passes."""
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


def test_what_passes_is_tried_again() -> None:
    """503 and a broken line are waited out, longer each time, and Retry-After is honoured."""
    answers = iter(
        [
            httpx.Response(503, headers={"retry-after": "3"} | PROBLEM, json={"status": 503, "reason": "clock"}),
            httpx.ConnectError("refused"),
            httpx.Response(200, json={}),
        ]
    )

    def answer(request: httpx.Request) -> httpx.Response:
        found = next(answers)
        if isinstance(found, Exception):
            raise found
        return found

    bench = Bench(answer)
    assert bench.connection.request("GET", "/v1/x").status_code == 200
    assert bench.slept == [3.0, 0.4]


def test_patience_ends() -> None:
    """Nobody is waited for longer than the caller asked for."""

    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    bench = Bench(answer, patience_s=5)
    with pytest.raises(Unreachable, match="http://node"):
        bench.connection.request("GET", "/v1/x")
    assert sum(bench.slept) <= 5


def test_the_last_refusal_is_returned() -> None:
    """Where the node asks for more patience than there is, its refusal is the answer."""
    headers = {"retry-after": "3600"} | PROBLEM
    bench = Bench(lambda _: httpx.Response(503, headers=headers, json={"status": 503, "reason": "storage"}))
    assert bench.connection.request("GET", "/v1/x").status_code == 503
    assert bench.slept == []


@pytest.mark.parametrize(
    ("body", "tries"),
    [
        ({"status": 429, "reason": "too-many"}, 3),
        ({"status": 429, "reason": "too-many", "position": 7}, 1),
        ({"status": 429, "reason": "claim"}, 1),
        ({"status": 429, "reason": "budget", "position": 9}, 1),
    ],
)
def test_a_refusal_that_stands_is_not_tried_again(body: dict[str, object], tries: int) -> None:
    """A full queue passes; a used-up budget, and whatever stands in the ledger, does not."""
    seen = 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal seen
        seen += 1
        return httpx.Response(200, json={}) if seen == 3 else httpx.Response(429, headers=PROBLEM, json=body)

    Bench(answer).connection.request("POST", "/v1/commands", json={})
    assert seen == tries


def test_a_session_is_opened_once_and_renewed() -> None:
    """The challenge is signed for this theatre and party; the session serves until shortly before its end."""
    opened: list[bytes] = []
    bench: Bench

    def answer(request: httpx.Request) -> httpx.Response:
        match request.url.path:
            case "/v1/about":
                return httpx.Response(200, json=ABOUT)
            case "/v1/challenge":
                expires = (bench.now + timedelta(seconds=60)).isoformat()
                return httpx.Response(200, json={"challenge": b64(b"c" * 8), "expires": expires})
            case "/v1/session":
                opened.append(request.content)
                ends = (bench.now + timedelta(seconds=600)).isoformat()
                return httpx.Response(200, json={"session": f"s{len(opened)}", "expires": ends, "party": "AAA"})
            case _:
                token = request.headers["authorization"]
                return httpx.Response(200, json={"position": int(token[-1]), "time": NOW.isoformat()})

    bench = Bench(answer)
    assert bench.connection.get("/v1/x", AsOf) == AsOf(1, NOW)
    assert bench.connection.get("/v1/x", AsOf) == AsOf(1, NOW)
    bench.now += timedelta(seconds=575)
    assert bench.connection.get("/v1/x", AsOf) == AsOf(2, NOW)
    body = httpx.Response(200, content=opened[0]).json()
    words = b"wideberth/session/1\nwideberth/valley/1\nAAA\n" + b"c" * 8
    assert signature_holds(public_key(seed_of("AAA")), words, unb64(body["signature"]))


def test_a_lost_session_is_opened_again_once() -> None:
    """A node that was started anew knows no sessions: the client opens another, and gives up if that fails too."""
    reads = 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal reads
        match request.url.path:
            case "/v1/about":
                return httpx.Response(200, json=ABOUT)
            case "/v1/challenge":
                return httpx.Response(200, json={"challenge": b64(b"c"), "expires": NOW.isoformat()})
            case "/v1/session":
                ends = (NOW + timedelta(hours=1)).isoformat()
                return httpx.Response(200, json={"session": "s", "expires": ends, "party": "AAA"})
            case _:
                reads += 1
                return httpx.Response(401, headers=PROBLEM, json={"status": 401, "reason": "no-session"})

    found = Bench(answer).connection.get("/v1/x", AsOf)
    assert isinstance(found, Problem)
    assert (found.reason, reads) == ("no-session", 2)


def test_without_a_session_nothing_goes() -> None:
    """A refused session is raised, since every read needs one."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(401, headers=PROBLEM, json={"status": 401, "reason": "bad-signature", "detail": "No."})

    with pytest.raises(Refused, match="No"):
        Bench(answer).connection.get("/v1/x", AsOf)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7", 7.0), ("Sun, 22 Nov 2026 06:00:30 GMT", 30.0), ("Sun, 22 Nov 2026 05:00:00 GMT", 0.0), ("soon", 0.0)],
)
def test_retry_after_in_both_forms(text: str, seconds: float) -> None:
    """Seconds and dates are understood; what is neither asks for nothing."""
    assert retry_after_s(httpx.Response(503, headers={"retry-after": text}), NOW) == seconds
