"""What is sent reaches those who want it, one bad destination harms no other, and nothing grows without bound."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from delivery_kit import (
    CHALLENGE,
    PROOF,
    QUICK,
    Answer,
    Heard,
    Issuer,
    Sending,
    Uss,
    after_yes,
    always,
    config,
    consenting,
    dripping,
    fast,
    flooding,
    hanging,
    http,
    sending,
    standard,
    to_loopback,
)

from wideberth.delivery import Destination, Outbound, Outcome, OwnTokens, outbound
from wideberth.delivery.line import Times, Way
from wideberth.limits import (
    BODY_BYTES_MAX,
    DELIVERIES_WAITING_MAX,
    DELIVERY_GIVE_UP_S,
    DELIVERY_WORKERS_PER_MANAGER_MAX,
    DESTINATIONS_PER_MANAGER_MAX,
)
from wideberth.refusal import Reason, Refusal

PATIENT = Times(connect_s=5, gap_s=30, total_s=30)


def played(scenario: Callable[[Sending, Uss], Awaitable[None]], answer: Answer = consenting, **more: Any) -> None:
    """Run a scenario with one supplier that answers so."""

    async def run() -> None:
        async with Uss(answer) as uss, sending(**more) as out:
            await scenario(out, uss)

    asyncio.run(run())


def reason(said: Any) -> Reason:
    """Why a message was refused."""
    assert isinstance(said, Refusal)
    return said.reason


def numbers(uss: Uss) -> list[int]:
    """The numbers of the messages that came, in order."""
    return [json.loads(post.body)["number"] for post in uss.posts]


# what is sent


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("intent", "/uss/v1/operational_intents"),
        ("constraint", "/uss/v1/constraints"),
        ("service_area", "/uss/identification_service_areas/03e5572a-f733-49af-bc14-8a18bd53ee39"),
    ],
)
def test_a_message_goes_out_as_the_standard_says(kind: str, path: str) -> None:
    """A POST of the JSON below the supplier's address, with the node's own token; the outcome is told and counted."""

    async def scenario(out: Sending, uss: Uss) -> None:
        base = f"{uss.url}/utm?tenant=3"
        assert out.send(base, 7, kind=kind, path=path) is None
        assert await out.ended(1) == [Outcome.SENT]
        (post,) = uss.posts
        assert post.target == f"/utm{path}?tenant=3"
        assert post.headers["content-type"] == "application/json"
        assert post.headers["authorization"].startswith("Bearer token.")
        assert numbers(uss) == [7]
        assert out.results == [(kind, Destination("uss1", base), Outcome.SENT)]
        assert out.figure("sent", kind) == 1

    played(scenario)


def test_each_kind_is_sent_with_the_scope_that_the_standard_asks_for() -> None:
    """The token that goes along is for this receiver, and for what it is to do with the message."""

    async def run() -> None:
        async with Uss() as uss, Issuer() as issuer:
            clock = fast()
            given = config(issuer.url)
            tokens = OwnTokens(given, clock, Way(QUICK))
            results: list[object] = []
            out = Outbound(
                given,
                tokens,
                clock,
                random.Random(1),
                lambda *r: results.append(r),
                way=Way(QUICK),
                resolve=to_loopback,
            )
            running = asyncio.create_task(out.run())
            for kind in ("intent", "constraint", "service_area"):
                out.send("uss1", f"http://uss.example:{uss.port}", "/x", kind.encode(), kind, None)
            async with asyncio.timeout(10):
                while len(results) < 3:
                    await asyncio.sleep(0.005)
            asked = {(h.query["intended_audience"], h.query["scope"]) for h in issuer.heard}
            scopes = ("utm.strategic_coordination", "utm.constraint_management", "rid.service_provider")
            assert asked == {("uss.example", scope) for scope in scopes}
            await out.close()
            await running
            await tokens.close()

    asyncio.run(run())


def test_messages_to_one_destination_keep_their_order() -> None:
    """One request is under way at a time, so what was said first arrives first."""

    async def scenario(out: Sending, uss: Uss) -> None:
        for number in range(50):
            assert out.send(uss.url, number) is None
        assert set(await out.ended(50)) == {Outcome.SENT}
        assert numbers(uss) == list(range(50))
        assert uss.most_at_once == 1
        assert uss.connections == 1
        assert len(uss.heard) == 51

    played(scenario)


def test_what_was_said_before_the_start_is_sent_after_it() -> None:
    """A message may be taken before the sending runs."""

    async def run() -> None:
        async with Uss() as uss, Issuer() as issuer:
            clock, given, results = fast(), config(issuer.url), []
            tokens = OwnTokens(given, clock, Way(QUICK))
            out = Outbound(given, tokens, clock, random.Random(1), lambda *r: results.append(r), way=Way(QUICK))
            assert out.send("uss1", uss.url, "/x", b"{}", "intent", None) is None
            await asyncio.sleep(0.02)
            assert not uss.heard
            running = asyncio.create_task(out.run())
            async with asyncio.timeout(10):
                while not results:
                    await asyncio.sleep(0.005)
            assert len(uss.posts) == 1
            await out.close()
            await running
            assert reason(out.send("uss1", uss.url, "/x", b"{}", "intent", None)) is Reason.TOO_MANY
            await tokens.close()

    asyncio.run(run())


# before anything is sent


def test_nothing_leaves_before_the_challenge_is_passed() -> None:
    """An address that was never asked for is not sent to, however often the node tries; once it passes, it is."""

    async def scenario(out: Sending, uss: Uss) -> None:
        for number in range(5):
            out.send(uss.url, number)
        await out.until(lambda: len(uss.heard) >= 4)
        assert not uss.posts
        assert {h.path for h in uss.heard} == {CHALLENGE}
        assert not out.results
        uss.answer = consenting
        assert await out.ended(5) == [Outcome.SENT] * 5
        first_post = uss.heard.index(uss.posts[0])
        assert uss.heard[first_post - 1].path == CHALLENGE

    played(scenario, always(http(404)), clock=fast(200))


def test_a_standard_supplier_passes_with_the_intent_that_it_wrote() -> None:
    """With the proof that the caller has, a supplier that knows only F3548-21 is sent to."""

    async def scenario(out: Sending, uss: Uss) -> None:
        out.send(uss.url, 1)
        await out.until(lambda: bool(uss.heard))
        out.send(uss.url, 2, proof=PROOF)
        assert await out.ended(2) == [Outcome.SENT] * 2

    played(scenario, standard(), clock=fast(200))


def test_a_proof_stays_good_for_later_messages() -> None:
    """A message that comes without a proof does not take away the one that is known."""

    async def scenario(out: Sending, uss: Uss) -> None:
        out.send(uss.url, 1, proof=PROOF)
        await out.until(lambda: bool(uss.heard))
        out.send(uss.url, 2)
        uss.answer = standard()
        assert await out.ended(2) == [Outcome.SENT] * 2

    played(scenario, always(http(404)), clock=fast(200))


def test_a_third_party_is_not_sent_to() -> None:
    """A supplier that names somebody else's server as its own address makes the node ask it a few times, no more."""

    async def scenario(out: Sending, uss: Uss) -> None:
        for number in range(DELIVERIES_WAITING_MAX):
            out.send(f"{uss.url}/somewhere", number, proof=PROOF)
        assert set(await out.ended(DELIVERIES_WAITING_MAX)) == {Outcome.GIVEN_UP}
        assert not uss.posts
        assert len(uss.heard) <= 30

    played(scenario, standard(None), clock=fast(DELIVERY_GIVE_UP_S))


def test_a_private_address_is_refused() -> None:
    """Unless the operator opens private networks, not even a challenge goes there."""

    async def scenario(out: Sending, uss: Uss) -> None:
        out.send(uss.url, 1)
        out.send(f"http://uss.example:{uss.port}", 2)
        assert await out.ended(2) == [Outcome.FAILED] * 2
        assert uss.connections == 0

    played(scenario, private_uss=False)


def test_an_address_that_cannot_be_read_is_refused_at_once() -> None:
    """The form is checked when the message is taken, and http only goes where it is allowed."""

    async def scenario(out: Sending, uss: Uss) -> None:
        assert reason(out.send(uss.url)) is Reason.MALFORMED
        assert reason(out.send("https://user@uss.example")) is Reason.MALFORMED
        assert reason(out.send("https://uss.example", body=b"x" * (BODY_BYTES_MAX + 1))) is Reason.TOO_LARGE
        assert out.figure("refused") == 3

    played(scenario, http_uss=False)


# what may pass


def then(*answers: bytes) -> Answer:
    """Says yes to the challenge, then gives these answers in turn, and 204 after them."""
    left = list(answers)

    async def answer(_: Heard, __: asyncio.StreamWriter) -> bytes:
        return left.pop(0) if left else http(204)

    return after_yes(answer)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(status: int) -> None:
    """A passing failure is repeated with the same key, so that the receiver can tell a repeat."""

    async def scenario(out: Sending, uss: Uss) -> None:
        out.send(uss.url)
        assert await out.ended(1) == [Outcome.SENT]
        assert len(uss.posts) == 3
        assert len({(p.target, p.body, p.headers["idempotency-key"]) for p in uss.posts}) == 1
        assert (out.figure("retried"), out.figure("sent")) == (2, 1)

    played(scenario, then(http(status), http(status)), clock=fast(500))


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_success_is_a_success(status: int) -> None:
    """The standard says 204; what a receiver answers else with success is taken."""

    async def scenario(out: Sending, uss: Uss) -> None:
        out.send(uss.url)
        assert await out.ended(1) == [Outcome.SENT]

    played(scenario, then(http(status)))


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308, 400, 403, 404, 409, 410, 413, 501, 999])
def test_what_will_not_pass_is_not_tried_again(status: int) -> None:
    """Another answer is an answer: the message has failed, and the next one is sent."""

    async def scenario(out: Sending, uss: Uss) -> None:
        out.send(uss.url, 1)
        out.send(uss.url, 2)
        assert await out.ended(2) == [Outcome.FAILED, Outcome.SENT]
        assert numbers(uss) == [1, 2]

    played(scenario, then(http(status)))


def test_no_redirect_is_followed_with_a_message() -> None:
    """A receiver cannot send the node on to somebody else."""

    async def run() -> None:
        async with Uss() as victim:
            moved = [http(status, location=f"{victim.url}/x") for status in (301, 302, 303, 307, 308)]
            async with Uss(then(*moved)) as uss, sending() as out:
                for number in range(5):
                    out.send(uss.url, number)
                assert await out.ended(5) == [Outcome.FAILED] * 5
                assert victim.connections == 0

    asyncio.run(run())


def test_retry_after_is_kept() -> None:
    """A receiver that says when to come back is left alone until then, with all its messages."""
    clock = fast(200)
    times: list[int] = []

    async def answer(_: Heard, __: asyncio.StreamWriter) -> bytes:
        times.append(clock.mono_us())
        return http(429, retry_after="60") if len(times) == 1 else http(204)

    async def scenario(out: Sending, uss: Uss) -> None:
        out.send(uss.url, 1)
        await out.until(lambda: len(times) == 1)
        out.send(uss.url, 2)
        assert await out.ended(2) == [Outcome.SENT] * 2
        assert times[1] - times[0] >= 59_000_000

    played(scenario, after_yes(answer), clock=clock)


def test_it_gives_up_after_a_stated_time() -> None:
    """What cannot be delivered for so long is given up, after ever rarer tries, and is told and counted."""

    async def scenario(out: Sending, uss: Uss) -> None:
        out.send(uss.url)
        assert await out.ended(1) == [Outcome.GIVEN_UP]
        assert 8 <= len(uss.posts) <= 40
        assert out.figure("given-up") == 1
        assert out.outbound._bytes == 0

    played(scenario, after_yes(always(http(503))), clock=fast(DELIVERY_GIVE_UP_S))


def test_a_receiver_that_comes_back_hears_everything() -> None:
    """A destination that was down gets what waited once it is up again."""

    async def run() -> None:
        async with Uss() as down:
            port = down.port
        async with sending(clock=fast(100)) as out:
            for number in range(20):
                out.send(f"http://127.0.0.1:{port}", number)
            await out.until(lambda: out.figure("retried") > 1)
            async with Uss(port=port) as up:
                assert await out.ended(20) == [Outcome.SENT] * 20
                assert sorted(numbers(up)) == list(range(20))

    asyncio.run(run())


def test_one_message_that_always_fails_holds_up_no_other() -> None:
    """What a receiver cannot digest goes behind the others to the same receiver."""

    async def poisoned(heard: Heard, _: asyncio.StreamWriter) -> bytes:
        return http(500 if json.loads(heard.body)["number"] == 0 else 204)

    async def scenario(out: Sending, uss: Uss) -> None:
        for number in range(30):
            out.send(uss.url, number)
        assert await out.ended(29) == [Outcome.SENT] * 29
        assert numbers(uss)[:2] == [0, 1]
        assert set(numbers(uss)) == set(range(30))

    played(scenario, after_yes(poisoned), clock=fast(100))


def test_old_news_does_not_follow_newer_news() -> None:
    """What failed is dropped where a later message about the same waits: no version arrives after its heir."""

    async def scenario(out: Sending, uss: Uss) -> None:
        out.send(uss.url, 1, subject="plan")
        await out.until(lambda: len(uss.posts) == 1)
        out.send(uss.url, 2, subject="plan")
        out.send(uss.url, 3, subject="other")
        assert sorted(await out.ended(3)) == [Outcome.SENT, Outcome.SENT, Outcome.SUPERSEDED]
        assert numbers(uss) == [1, 2, 3]

    played(scenario, then(http(503)), clock=fast(20))


def test_a_token_that_is_not_taken_is_exchanged_once() -> None:
    """At 401 the node gets itself a new token and tries again; the second time the message has failed."""

    async def scenario(out: Sending, uss: Uss) -> None:
        out.send(uss.url, 1)
        assert await out.ended(1) == [Outcome.SENT]
        used = [post.headers["authorization"] for post in uss.posts]
        assert len(used) == len(set(used)) == 2
        uss.answer = after_yes(always(http(401)))
        out.send(uss.url, 2)
        assert (await out.ended(2))[1] is Outcome.FAILED
        assert numbers(uss) == [1, 1, 2, 2]

    played(scenario, then(http(401)), clock=fast(500))


# one and another

BAD: list[Answer] = [
    hanging,
    dripping,
    flooding,
    always(http(500)),
    always(http(302, location="http://127.0.0.1:1/")),
    always(b"\x00garbage\r\n\r\n"),
    always(b"", close=True),
    always(http(200, "x" * 3_000_000)),
]


def test_bad_destinations_delay_no_other() -> None:
    """While other managers' destinations hang, drip, flood, fail and talk garbage, a good one hears all, in order."""

    async def run() -> None:
        bad = [Uss(answer) for answer in BAD] + [Uss(after_yes(answer)) for answer in BAD]
        async with Uss() as good, sending(times=PATIENT) as out:
            for number, uss in enumerate(bad):
                await uss.__aenter__()
                for message in range(10):
                    out.send(uss.url, message, manager=f"bad{number % 3}")
            await out.until(lambda: all(uss.heard for uss in bad[:3]))
            for number in range(80):
                out.send(good.url, number, manager="good")
            await out.until(lambda: len(good.posts) == 80)
            assert numbers(good) == list(range(80))
            ended = [outcome for _, where, outcome in out.results if where.manager == "good"]
            assert set(ended) == {Outcome.SENT}
            for uss in bad:
                await uss.__aexit__()

    asyncio.run(run())


def test_a_manager_holds_only_its_share_of_the_workers() -> None:
    """A manager whose every address hangs has a few requests under way, and others get through."""

    async def run() -> None:
        async with Uss(hanging) as tarpit, Uss() as good, sending(times=PATIENT) as out:
            for number in range(40):
                out.send(f"{tarpit.url}/{number}", manager="bad")
            await out.until(lambda: len(tarpit.heard) == DELIVERY_WORKERS_PER_MANAGER_MAX)
            out.send(good.url, 1, manager="good")
            assert await out.ended(1) == [Outcome.SENT]
            assert len(tarpit.heard) == DELIVERY_WORKERS_PER_MANAGER_MAX

    asyncio.run(run())


def test_requests_under_way_are_bounded_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many managers have something to hear, only so many requests are under way."""
    monkeypatch.setattr(outbound, "DELIVERY_WORKERS_MAX", 3)

    async def answer(heard: Heard, _: asyncio.StreamWriter) -> bytes:
        await asyncio.sleep(0.01)
        return await consenting(heard, _)

    async def scenario(out: Sending, uss: Uss) -> None:
        for number in range(30):
            out.send(f"{uss.url}/{number}", manager=f"uss{number}")
        assert await out.ended(30) == [Outcome.SENT] * 30
        assert uss.most_at_once == 3

    played(scenario, answer)


def test_the_rate_to_a_destination_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the burst, messages leave at the stated rate."""
    monkeypatch.setattr(outbound, "DELIVERIES_PER_DESTINATION_S", 5)
    clock = fast(50)
    times: list[int] = []

    async def answer(_: Heard, __: asyncio.StreamWriter) -> bytes:
        times.append(clock.mono_us())
        return http(204)

    async def scenario(out: Sending, uss: Uss) -> None:
        for number in range(30):
            out.send(uss.url, number)
        assert await out.ended(30) == [Outcome.SENT] * 30
        assert times[-1] - times[0] >= (30 - 5 - 1) / 5 * 1e6 - (times[0])

    played(scenario, after_yes(answer), clock=clock)


# bounds


def test_what_waits_for_one_destination_is_bounded() -> None:
    """Past the bound a later message takes the place of the oldest about the same, or is refused; each is counted."""

    async def scenario(out: Sending, uss: Uss) -> None:
        for number in range(DELIVERIES_WAITING_MAX):
            assert out.send(uss.url, number, subject=f"plan{number % 100}") is None
        assert reason(out.send(uss.url, 1_000)) is Reason.TOO_MANY
        assert reason(out.send(uss.url, 1_001, subject="new")) is Reason.TOO_MANY
        assert out.send(uss.url, 1_002, subject="plan7") is None
        assert await out.ended(1) == [Outcome.SUPERSEDED]
        assert (out.figure("refused"), out.figure("superseded")) == (2, 1)
        (queue,) = out.outbound._managers["uss1"].queues.values()
        waiting = [json.loads(m.body)["number"] for m in queue.waiting]
        assert waiting == [n for n in range(DELIVERIES_WAITING_MAX) if n != 7] + [1_002]

    played(scenario, hanging, times=PATIENT)


def test_the_bytes_that_wait_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """All queues together hold so many bytes; what is delivered or dropped makes room."""
    monkeypatch.setattr(outbound, "DELIVERIES_BYTES_MAX", 1_000)

    async def scenario(out: Sending, uss: Uss) -> None:
        assert out.send(f"{uss.url}/a", body=b"x" * 600) is None
        assert reason(out.send(f"{uss.url}/b", body=b"y" * 600)) is Reason.TOO_MANY
        assert out.send(f"{uss.url}/b", body=b"y" * 400) is None
        await out.ended(2)
        assert out.outbound._bytes == 0
        assert out.send(f"{uss.url}/b", body=b"z" * 1_000) is None

    played(scenario)


def test_the_destinations_of_a_manager_are_bounded() -> None:
    """So many addresses with messages waiting; an address that has nothing waiting makes room for another."""

    async def scenario(out: Sending, uss: Uss) -> None:
        assert out.send(f"{uss.url}/first", manager="bad") is None
        assert await out.ended(1) == [Outcome.SENT]
        uss.answer = hanging
        for number in range(DESTINATIONS_PER_MANAGER_MAX):
            assert out.send(f"{uss.url}/{number}", manager="bad") is None
        assert reason(out.send(f"{uss.url}/more", manager="bad")) is Reason.TOO_MANY
        assert out.send(f"{uss.url}/more", manager="good") is None

    played(scenario, times=PATIENT)


def test_what_already_waits_waits_once() -> None:
    """The same message said twice is sent once."""

    async def scenario(out: Sending, uss: Uss) -> None:
        for _ in range(3):
            assert out.send(uss.url, 1) is None
        out.send(uss.url, 2)
        assert await out.ended(2) == [Outcome.SENT] * 2
        assert numbers(uss) == [1, 2]

    played(scenario)


def test_figures_name_no_address() -> None:
    """The operator's figures have the kind and the outcome as labels, and what waits goes back to nothing."""

    async def scenario(out: Sending, uss: Uss) -> None:
        for number in range(3):
            out.send(uss.url, number, manager=f"uss{number}")
        registry = out.outbound._figures.registry
        waiting = lambda: registry.get_sample_value("wideberth_deliveries_waiting", {"kind": "intent"})  # noqa: E731
        assert waiting() == 3
        await out.ended(3)
        assert waiting() == 0
        labels = {label for family in registry.collect() for sample in family.samples for label in sample.labels}
        assert labels == {"kind", "outcome"}

    played(scenario)


# faults of our own


def test_a_fault_over_one_message_ends_that_message_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody thought of is set aside with the message it happened to; the others go on."""
    exchange = Way.exchange

    async def faulty(self: Way, pin: Any, request: Any) -> Any:
        if b"tripwire" in request.body:
            raise ZeroDivisionError
        return await exchange(self, pin, request)

    monkeypatch.setattr(Way, "exchange", faulty)

    async def scenario(out: Sending, uss: Uss) -> None:
        out.send(uss.url, body=b"tripwire")
        out.send(uss.url, 2)
        assert await out.ended(2) == [Outcome.FAILED, Outcome.SENT]

    played(scenario)


def test_a_fault_of_the_listener_ends_the_run() -> None:
    """Where the one who is told of results fails, the sending stops and says why, rather than going on unheard."""

    async def run() -> None:
        async with Uss() as uss, Issuer() as issuer:
            clock, given = fast(), config(issuer.url)
            tokens = OwnTokens(given, clock, Way(QUICK))

            def listener(*_: object) -> None:
                raise KeyError("ledger")

            out = Outbound(given, tokens, clock, random.Random(1), listener, way=Way(QUICK))
            out.send("uss1", uss.url, "/x", b"{}", "intent", None)
            with pytest.raises(KeyError, match="ledger"):
                await out.run()
            await tokens.close()

    asyncio.run(run())
