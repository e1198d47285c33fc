"""The load against a small server that is honest about keys and bad on demand."""

import asyncio
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from stub_dss import Scripted, Stub

from wideberth.load import Address, Cell, Generator, Key, Load, LoadFailed, Report, Spread, run

QUICK: dict[str, Any] = {"seconds": 0.25, "warm_up_s": 0.05, "timeout_s": 0.3, "where": Cell()}
URL = "https://{subject}.example.com"


def load_on(stub: Stub, load: Load) -> Report:
    """Run a load against a stub; its suppliers' tokens are their names."""

    async def work() -> Report:
        async with stub.serving() as address:
            return await run(address, lambda subject: subject, load, URL, lambda what: None)

    return asyncio.run(work())


def after(first: int, what: Scripted, wanted: str = "PUT") -> Callable[[int, str, str], Scripted]:
    """A script for every fifth request of a method, after so many."""
    return lambda number, method, path: what if number > first and method == wanted and number % 5 == 0 else None


def test_a_flight_is_accepted_activated_and_deleted() -> None:
    """Each flight is a PUT without ovn as Accepted, one with it as Activated, a DELETE with the newest; none stays."""
    stub = Stub()
    report = load_on(stub, Load(planners=(1,), key=Key.NONE, **QUICK))
    assert [step.planners for step in report.steps] == [1]
    assert report.steps[0].flights > 10
    assert report.steps[0].failed == {}
    assert stub.intents == {}
    accept, activate, delete = stub.asked[:3]
    assert (accept[0], accept[2]["state"], accept[2]["key"]) == ("PUT", "Accepted", [])
    assert accept[2]["new_subscription"]["uss_base_url"] == "https://uss1.example.com"
    assert activate[1] == f"{accept[1]}/ovn-of-version-000001"
    assert (activate[2]["state"], activate[2]["extents"]) == ("Activated", accept[2]["extents"])
    assert activate[2]["subscription_id"] == "00000000-0000-4000-8000-0000000000aa"
    assert delete[:2] == ("DELETE", f"{accept[1]}/ovn-of-version-000002")


@pytest.mark.parametrize("key", list(Key))
def test_a_conflict_is_answered_with_a_whole_key(key: Key) -> None:
    """In a place where all must know of all, flights succeed: 409 is followed by the request with what was missing."""
    stub = Stub(crowded=True, delay_s=0.001)
    report = load_on(stub, Load(planners=(4,), key=key, **QUICK))
    step = report.steps[0]
    assert step.flights > 5
    assert step.failed == {}
    assert stub.intents == {}
    firsts = {path: body for method, path, body in reversed(stub.asked) if method == "PUT" and path.count("/") == 4}
    keys = [ovn for body in firsts.values() for ovn in body["key"]]
    assert bool(keys) is (key is not Key.NONE)
    assert (step.conflicts > 0) or key is Key.ANNOUNCED
    suffixes = {body["requested_ovn_suffix"] for body in firsts.values() if "requested_ovn_suffix" in body}
    announced = {ovn.rpartition("_")[2] for ovn in keys} & suffixes
    assert bool(announced) is (key is Key.ANNOUNCED)


def test_warm_up_does_not_count() -> None:
    """What succeeded before the step began is in none of its figures."""
    stub = Stub()
    step = load_on(stub, Load(planners=(1,), **{**QUICK, "warm_up_s": 0.4, "seconds": 0.2})).steps[0]
    deleted = sum(method == "DELETE" for method, _, _ in stub.asked)
    assert 0 < step.flights < 0.6 * deleted
    assert sum(step.per_second) == step.flights == step.kinds["delete"].count


def test_conflicts_are_no_successes() -> None:
    """Every success that is counted was answered 200 or 201: the counts of both sides agree."""
    stub = Stub(crowded=True)
    report = load_on(stub, Load(planners=(3,), key=Key.NONE, **QUICK))
    step = report.steps[0]
    writes = step.kinds["accept"].count + step.kinds["activate"].count
    assert writes <= stub.versions < sum(method == "PUT" for method, _, _ in stub.asked)
    assert step.requests_per_s == pytest.approx((writes + step.kinds["delete"].count) / step.seconds, rel=0.005)


def test_what_the_server_manages_is_asked_of_the_server() -> None:
    """The OVN of an intent at the server's own address is read from its details."""
    stub = Stub()
    stub.foreign = {"id": "0b0b0b0b-0000-4000-8000-000000000000", "ovn": "ovn-of-the-server", "uss_base_url": ""}

    async def work() -> Report:
        async with stub.serving() as address:
            assert stub.foreign is not None
            stub.foreign["uss_base_url"] = f"http://{address.authority}/here"
            return await run(address, lambda subject: subject, Load(planners=(1,), **QUICK), URL, lambda what: None)

    step = asyncio.run(work()).steps[0]
    assert step.flights > 5
    assert step.kinds["details"].count >= step.flights
    asked = [path for method, path, _ in stub.asked if method == "GET" and "uss/v1" in path]
    assert set(asked) == {"/here/uss/v1/operational_intents/0b0b0b0b-0000-4000-8000-000000000000"}


def test_what_nobody_can_say_fails_in_words() -> None:
    """Where the OVN of a stranger cannot be had, the load ends before it began and says so."""
    stub = Stub()
    stub.foreign = {"id": "0b0b0b0b-0000-4000-8000-000000000000", "ovn": "secret", "uss_base_url": "https://x.invalid"}
    with pytest.raises(LoadFailed, match=r"accept ovn unobtainable \(https://x\.invalid\)"):
        load_on(stub, Load(planners=(1,), **QUICK))


def test_a_refusal_is_waited_out_as_it_says() -> None:
    """429 with Retry-After is counted apart, the same request comes again no sooner, and the flight succeeds."""
    heard: list[tuple[float, str, str]] = []

    def script(number: int, method: str, path: str) -> Scripted:
        heard.append((time.monotonic(), method, path))
        return (429, {"Retry-After": "1"}) if number == 10 else None

    stub = Stub(script=script)
    report = load_on(stub, Load(planners=(1,), **{**QUICK, "warm_up_s": 0.0, "seconds": 0.3}))
    step = report.steps[0]
    assert (step.refused, step.refused_bare, step.failed) == ({"429": 1}, {}, {})
    refused, again = heard[9], heard[10]
    assert refused[1:] == again[1:]
    assert again[0] - refused[0] >= 1.0
    assert stub.asked[9] == stub.asked[10]


def test_a_refusal_that_says_nothing_is_counted_as_bare() -> None:
    """503 without Retry-After is no explicit refusal."""
    stub = Stub(script=lambda number, method, path: (503, {}) if number == 10 else None)
    step = load_on(stub, Load(planners=(1,), **{**QUICK, "warm_up_s": 0.0, "seconds": 0.3})).steps[0]
    assert (step.refused, step.refused_bare) == ({}, {"503": 1})


def test_silence_is_a_time_out_and_its_flight_is_cleared_up() -> None:
    """No answer in time is counted as such, never as a success; what may stand is deleted in the end."""
    stub = Stub(script=lambda number, method, path: (None, {}) if number == 12 else None)
    report = load_on(stub, Load(planners=(2,), **{**QUICK, "seconds": 0.6, "warm_up_s": 0.0}))
    assert sum(step.timeouts for step in report.steps) == 1
    assert report.left_behind == 0
    assert stub.intents == {}


def test_a_fallen_connection_is_counted_and_made_anew() -> None:
    """A dropped line is a connection error; the planner goes on with a new one."""
    stub = Stub(script=after(20, (0, {}), "DELETE"))
    report = load_on(stub, Load(planners=(2,), **QUICK))
    step = report.steps[0]
    assert step.broken > 0
    assert step.flights > 5
    assert stub.intents == {}


def test_other_answers_are_failures_with_their_words() -> None:
    """What is neither success, conflict nor refusal is counted by status, with the first message."""
    stub = Stub(script=after(20, (400, {})))
    step = load_on(stub, Load(planners=(2,), **QUICK)).steps[0]
    assert set(step.failed) <= {"accept 400", "activate 400"}
    assert step.failed
    assert set(step.said.values()) == {"as scripted"}
    assert stub.intents == {}


def test_a_server_that_refuses_everything_ends_the_load() -> None:
    """Where the first flight fails, nothing is measured, and the reason is one line."""
    with pytest.raises(LoadFailed, match=re.escape("The first flight failed: accept 401 (as scripted).")):
        load_on(Stub(script=lambda number, method, path: (401, {})), Load(planners=(1,), **QUICK))
    with pytest.raises(LoadFailed, match="The first flight failed: accept: "):
        asyncio.run(run(Address("127.0.0.1", 9, "", None), str, Load(**QUICK), URL, lambda what: None))


def test_puts_alone_stay_until_all_is_over() -> None:
    """With `puts` every request is a new intent; all of them are deleted at the end."""
    stub = Stub()
    held: list[int] = []
    stub.script = lambda number, method, path: held.append(len(stub.intents)) or None  # type: ignore[func-returns-value]
    report = load_on(stub, Load(planners=(3,), puts=True, key=Key.NONE, subscription="none", **QUICK))
    step = report.steps[0]
    assert list(step.kinds) == ["accept", "flight"]
    assert max(held) >= step.flights > 20
    assert (stub.intents, report.left_behind) == ({}, 0)
    assert "new_subscription" not in stub.asked[0][2]


def test_explicit_subscriptions_are_made_named_and_ended() -> None:
    """An explicit subscription is one of each supplier over the cell; flights name it; it ends with the load."""
    stub = Stub()
    load_on(stub, Load(planners=(2,), subscription="explicit", **QUICK))
    made = [path for method, path, _ in stub.asked if method == "PUT" and "subscriptions" in path]
    ended = [path for method, path, _ in stub.asked if method == "DELETE" and "subscriptions" in path]
    assert len(made) == 2
    assert sorted(ended) == sorted(f"{path}/sub-version" for path in made)
    named = {body["subscription_id"] for method, path, body in stub.asked if method == "PUT" and "intent" in path}
    assert named == {path.rsplit("/", 1)[1] for path in made}


def test_the_same_seed_asks_the_same() -> None:
    """One planner with one seed asks for the same flights under the same ids; another seed does not."""

    def ids(seed: int) -> list[Any]:
        stub = Stub()
        load_on(stub, Load(planners=(1,), seed=seed, **QUICK))
        return [
            (method, path.split("/")[4], [v["volume"] for v in body.get("extents", [])])
            for method, path, body in stub.asked[:30]
            if "references" in path
        ]

    assert ids(3) == ids(3)
    assert ids(3) != ids(4)


def test_a_rate_is_kept() -> None:
    """With a rate the planners together begin so many flights a second and no more."""
    report = load_on(Stub(), Load(planners=(4,), rate=100, **{**QUICK, "seconds": 0.5}))
    assert 30 <= report.steps[0].flights <= 55


def test_the_peak_and_what_is_past_it() -> None:
    """The step with the most flights a second is the peak; past it come so many times its planners."""
    report = load_on(Stub(delay_s=0.002), Load(planners=(1, 4), past_peak=3, **QUICK))
    best = max(range(2), key=lambda i: report.steps[i].flights_per_s)
    assert report.peak == best == 1
    assert report.past_peak is not None
    assert report.past_peak.planners == 12


def test_a_spread_load_runs_too() -> None:
    """Flights spread over an area succeed without knowing of one another."""
    stub = Stub()
    step = load_on(stub, Load(planners=(2,), key=Key.NONE, **{**QUICK, "where": Spread()})).steps[0]
    assert step.flights > 5


def test_a_load_that_is_cut_off_clears_up() -> None:
    """Where the load is broken off (Ctrl-C), flights under way end and nothing stays."""
    stub = Stub(delay_s=0.002)

    async def work() -> None:
        async with stub.serving() as address:
            generator = Generator(address, str, Load(planners=(3,), **QUICK))

            async def measured() -> None:
                async with generator:
                    generator.grow(3)
                    await generator.measure(60, 0)

            task = asyncio.create_task(measured())
            await asyncio.sleep(0.3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(work())
    assert len(stub.asked) > 10
    assert stub.intents == {}
