"""The doors of the standards: who may come in, what HTTP refuses, and what every answer has."""

import asyncio
import os
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_kit import run
from doors_kit import AUDIENCE, EVERY, ID, INTENTS, URL, Doors, extent, intent, issuer, knock
from worlds import ISSUER, START_US, charter

from wideberth.api import standard_door
from wideberth.api.app import HEADERS, create_app
from wideberth.api.standard_routes import DOORS, F3411, F3548, USS
from wideberth.api.standard_search import SLICE_ROWS, rows_of
from wideberth.limits import BODY_BYTES_MAX
from wideberth.party.charter import DAY_US
from wideberth.refusal import Reason, Refusal, refuse

FILLED = {"{entityid}": ID, "{ovn}": "x" * 22, "{version}": "0" * 32, "{id}": ID, "{subscriptionid}": ID}
FILLED |= {"{uss_id}": "uss1", "{system_identity}": "wideberth"}


def filled(path: str) -> str:
    """A door's path with something in each of its places."""
    for name, value in FILLED.items():
        path = path.replace(name, value)
    return path


def test_without_an_issuer_there_are_no_doors(tmp_path: Path) -> None:
    """404 at every one of them, naming the setting that opens them; the node's own addresses stay as they are."""

    async def steps(world: Any) -> None:
        for door in DOORS:
            answer = await world.client.request(door.method, filled(door.path))
            assert answer.status_code == 404
            assert "token_issuer" in answer.json()["message"]
        assert (await world.client.get("/healthz")).status_code == 200
        assert not any(path.startswith("/dss") for path in (await world.client.get("/openapi.json")).json()["paths"])

    run(tmp_path, steps)


def test_every_door_is_described(tmp_path: Path) -> None:
    """`/openapi.json` lists each with its scopes, its parameters, its body and the status of a success."""

    async def steps(doors: Doors) -> None:
        document = (await doors.client.get("/openapi.json")).json()
        for door in DOORS:
            row = document["paths"][door.path][door.method.lower()]
            assert str(door.status) in row["responses"]
            assert ("requestBody" in row) is (door.body is not None)
            assert [set(each["supplier"]) for each in row["security"]] == (
                [set(scopes) for scopes in door.scopes] or [set()] * door.token
            )
            places = {f"{{{p['name']}}}" for p in row["parameters"] if p["in"] == "path"}
            assert filled(door.path).count("{") == 0
            assert all(place in door.path for place in places)
        ids = [op["operationId"] for row in document["paths"].values() for op in row.values()]
        assert len(set(ids)) == len(ids)

    knock(tmp_path, steps)


@pytest.mark.skipif(not os.environ.get("WIDEBERTH_STANDARDS"), reason="WIDEBERTH_STANDARDS names no folder")
def test_doors_and_scopes_are_the_published_ones() -> None:
    """Every operation of the published files that a DSS serves is here, with exactly its scopes."""
    import yaml

    folder = Path(os.environ["WIDEBERTH_STANDARDS"])
    for file, prefix, doors, wanted in (
        ("f3548-21-utm.yaml", "", (*F3548, *USS), ("/dss/", "/uss/v1/op", "/uss/v1/con", "/uss/v1/rep")),
        ("f3411-22a-remoteid.yaml", "/rid/v2", F3411, ("/dss/",)),
    ):
        published = {}
        for path, row in yaml.safe_load((folder / file).read_text())["paths"].items():
            for method, operation in row.items():
                if path.startswith(wanted) and isinstance(operation, dict) and "operationId" in operation:
                    scopes = {frozenset(s for each in one.values() for s in each) for one in operation["security"]}
                    published[method.upper(), prefix + path] = scopes
        assert {(d.method, d.path): set(d.scopes) for d in doors} == published


def test_every_door_wants_a_token(tmp_path: Path) -> None:
    """None, another scheme, issuer or audience, an expired one: 401 with what to do, at every door."""

    async def steps(doors: Doors) -> None:
        now_s = doors.world.hands.wall_us / 1e6
        good = issuer()
        bad = {
            "none": "",
            "basic": "Basic dXNlcjpwYXNz",
            "nothing": "Bearer ",
            "garbage": "Bearer x.y.z",
            "forged": f"Bearer {issuer('other.test').mint('uss1', EVERY, AUDIENCE, now_s)}",
            "audience": f"Bearer {good.mint('uss1', EVERY, 'elsewhere.test', now_s)}",
            "expired": f"Bearer {good.mint('uss1', EVERY, AUDIENCE, now_s - 7_200)}",
        }
        for door in DOORS:
            if not door.token:
                assert (await doors.client.request(door.method, filled(door.path))).status_code == 200
                continue
            for header in bad.values():
                headers = {"authorization": header} if header else {}
                answer = await doors.client.request(door.method, filled(door.path), headers=headers)
                doors.world.hands.move(2_000_000)
                assert answer.status_code == 401, (door.name, header)
                assert answer.headers["www-authenticate"].startswith("Bearer")
                assert answer.json()["message"]
                assert answer.json()["correlation_id"] == answer.headers["x-correlation-id"]

    knock(tmp_path, steps)


def test_every_door_wants_one_of_its_scopes(tmp_path: Path) -> None:
    """Without any of them 403 that names them, whatever else is wrong; with any one of the sets the door opens."""

    async def steps(doors: Doors) -> None:
        for door in DOORS:
            if not door.scopes:
                continue
            theirs = {scope for scopes in door.scopes for scope in scopes}
            others = tuple(s for s in EVERY if s not in theirs)
            for lacking in (others, ()):
                answer = await doors.ask(door.method, filled(door.path), b"{", scopes=lacking)
                assert answer.status_code == 403, door.name
                assert all(scope in answer.json()["message"] for scope in theirs)
            for scopes in door.scopes:
                answer = await doors.ask(door.method, filled(door.path), b"{", scopes=tuple(scopes))
                assert answer.status_code in (200, 400, 404), (door.name, answer.text)

    knock(tmp_path, steps)


def test_an_issuer_that_the_charter_does_not_name_stays_outside(tmp_path: Path) -> None:
    """The operator's settings trust the issuer, the theatre does not: 403 at every door, for reading too."""

    async def steps(doors: Doors) -> None:
        for door in DOORS:
            if door.token:
                answer = await doors.ask(door.method, filled(door.path), b"{}")
                assert answer.status_code == 403, door.name
                assert ISSUER in answer.json()["message"]

    knock(tmp_path, steps, rules=charter(issuers=("another.test",)))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/dss/v1", 404),
        ("GET", "/dss/v1/", 404),
        ("GET", "/dss/v1/unheard_of", 404),
        ("GET", INTENTS, 404),
        ("GET", f"{INTENTS}/{ID}/x/y", 404),
        ("GET", f"{INTENTS}/{ID}/", 405),
        ("POST", f"{INTENTS}/{ID}", 405),
        ("GET", f"{INTENTS}/query", 405),
        ("HEAD", f"{INTENTS}/{ID}", 405),
        ("OPTIONS", f"{INTENTS}/{ID}", 405),
        ("PUT", f"{INTENTS}/", 400),
        ("PUT", f"{INTENTS}/{ID}/", 400),
        ("DELETE", f"{INTENTS}/{ID}/", 400),
        ("DELETE", f"/dss/v1/subscriptions/{ID}/", 400),
        ("PUT", f"/rid/v2/dss/subscriptions/{ID}/", 400),
        ("DELETE", f"/rid/v2/dss/identification_service_areas/{ID}/", 400),
        ("GET", f"{INTENTS}/not-an-id", 400),
        ("GET", f"{INTENTS}/{ID[:14]}1{ID[15:]}", 400),
        ("GET", f"{INTENTS}/{{{ID}}}", 400),
        ("GET", f"{INTENTS}/{ID.upper()}", 404),
        ("GET", f"{INTENTS}/%00", 400),
        ("GET", f"{INTENTS}/{'x' * 5_000}", 400),
        ("DELETE", f"{INTENTS}/{ID}/%0A%0D", 400),
        ("DELETE", f"{INTENTS}/{ID}/{'x' * 129}", 400),
        ("DELETE", f"{INTENTS}/{ID}/{'x' * 128}", 404),
        ("DELETE", f"/rid/v2/dss/identification_service_areas/{ID}/fake_version", 400),
        ("DELETE", f"/rid/v2/dss/identification_service_areas/{ID}/{'0' * 32}", 404),
        ("GET", "/versions/unheard_of", 404),
        ("GET", "/uss/v1/log_sets/x", 404),
        ("GET", "/dss/v1/uss_availability/", 400),
    ],
)
def test_addresses_that_are_not_quite_right(tmp_path: Path, method: str, path: str, status: int) -> None:
    """An empty version is 400 and no redirect; ids are UUIDs of version 4; what is nowhere is 404, what is not taken
    405 with what is."""

    async def steps(doors: Doors) -> None:
        headers = {"authorization": f"Bearer {doors.token()}"}
        answer = await doors.client.request(method, path, headers=headers, content=b"{}")
        assert answer.status_code == status, answer.text
        if status == 405:
            assert answer.headers["allow"]
        assert answer.headers["x-correlation-id"]

    knock(tmp_path, steps)


def test_a_body_is_bounded_and_waited_for_in_vain_only_so_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Said to be too long, being too long, never coming, ending early: 413, 413, 408, 400; the connection is closed."""

    async def steps(doors: Doors) -> None:
        path = f"{INTENTS}/{ID}"
        long = await doors.ask("PUT", path, b" " * (BODY_BYTES_MAX + 1))
        assert (long.status_code, long.headers["connection"]) == (413, "close")

        async def drip() -> Any:
            for _ in range(20):
                yield b" " * 65_536

        headers = {"authorization": f"Bearer {doors.token()}"}
        streamed = await doors.client.put(path, content=drip(), headers=headers)
        assert streamed.status_code == 413
        monkeypatch.setattr(standard_door, "BODY_S_MAX", 0.01)
        for message, length, status in ((None, 9, 408), (None, 10**30, 413), ({"type": "http.disconnect"}, 9, 400)):
            assert await raw(doors, path, message, length) == status

    knock(tmp_path, steps)


async def raw(doors: Doors, path: str, message: dict[str, Any] | None, length: int) -> int:
    """The status of a PUT whose body is said to be so long, and is one ASGI message, or never comes."""
    sent: list[Any] = []

    async def receive() -> Any:
        if message is None:
            await asyncio.sleep(60)
        return message

    async def send(event: Any) -> None:
        sent.append(event)

    headers = [(b"authorization", f"Bearer {doors.token()}".encode()), (b"content-length", b"%d" % length)]
    scope = {"type": "http", "method": "PUT", "path": path, "query_string": b"", "headers": headers, "scheme": "http"}
    await create_app(doors.node)(scope, receive, send)
    return int(sent[0]["status"])


def test_a_fault_of_the_house_is_answered_and_logged_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """500 with a number, which the log has as well, and nothing of what went wrong."""

    async def steps(doors: Doors) -> None:
        def broken(*_: Any) -> None:
            raise RuntimeError("secret detail")

        monkeypatch.setattr(doors.node, "vouch", broken)
        headers = {"authorization": f"Bearer {doors.token()}"}
        answer = await doors.client.put(f"{INTENTS}/{ID}", json=intent(), headers=headers)
        assert answer.status_code == 500
        assert answer.json()["correlation_id"] in answer.json()["message"]
        assert "secret" not in answer.text

    knock(tmp_path, steps)


@pytest.mark.parametrize(
    ("reason", "status", "wait_s"),
    [
        (Reason.TOO_MANY, 429, 1),
        (Reason.CLAIM, 429, 60),
        (Reason.BUDGET, 429, (DAY_US - START_US % DAY_US) // 1_000_000 - 60),
        (Reason.CLOCK, 503, 5),
        (Reason.STORAGE, 503, 5),
        (Reason.WRONG_STATE, 400, None),
        (Reason.UNKNOWN, 400, None),
        (Reason.DOWN, 412, None),
        (Reason.NOT_YOURS, 403, None),
        (Reason.STALE_VERSION, 409, None),
    ],
)
def test_refusals_of_the_theatre_have_the_standards_statuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: Reason, status: int, wait_s: int | None
) -> None:
    """Each reason its status; what may be gone after a while says after how long."""

    async def steps(doors: Doors) -> None:
        async def no(*_: Any) -> Any:
            from wideberth.sequencer import Answer

            return Answer(refuse(reason, "field", "a limit with a figure", "what came"))

        monkeypatch.setattr(doors.node, "vouch", no)
        answer = await doors.put()
        assert answer.status_code == status
        told = answer.json()
        assert (told["reason"], told["field"], told["limit"]) == (reason.value, "field", "a limit with a figure")
        got = answer.headers.get("retry-after")
        assert (got is None) is (wait_s is None)
        assert wait_s is None or abs(int(got or 0) - wait_s) <= 1

    knock(tmp_path, steps)


def test_a_node_that_does_not_decide_says_so(tmp_path: Path) -> None:
    """While the clock cannot be trusted writes are 503 with Retry-After, and the doors still read."""

    async def steps(doors: Doors) -> None:
        assert (await doors.put()).status_code == 201
        token = doors.token()
        doors.world.hands.wall_us += 60_000_000
        doors.node._work.set()
        while doors.node.trouble() is None:
            await asyncio.sleep(0.01)
        headers = {"authorization": f"Bearer {token}"}
        answer = await doors.client.put(f"{INTENTS}/{ID}/x", json=intent(), headers=headers)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert (await doors.client.get(f"{INTENTS}/{ID}", headers=headers)).status_code == 200

    knock(tmp_path, steps)


def test_every_answer_has_the_headers_of_the_house_and_is_counted(tmp_path: Path) -> None:
    """The same headers as everywhere, nothing to be kept by a cache, and a figure by door and status."""

    async def steps(doors: Doors) -> None:
        answers: list[httpx.Response] = [await doors.put(), await doors.put(id="x")]
        for answer in answers:
            assert all(answer.headers[name] == value for name, value in HEADERS.items())
            assert answer.headers["cache-control"] == "no-store"
        count = doors.node.metrics.requests.labels(f"PUT {INTENTS}/{{entityid}}", 201)
        assert count._value.get() == 1

    knock(tmp_path, steps)


def test_the_same_request_is_the_same_entry(tmp_path: Path) -> None:
    """Byte for byte the same answer and nothing new in the ledger; another body, path or subject is another request."""

    async def steps(doors: Doors) -> None:
        first = await doors.put()
        size = doors.node.state.size
        again = await doors.put()
        assert (again.status_code, again.content) == (201, first.content)
        assert doors.node.state.size == size
        assert (await doors.put(extent(lat=43))).status_code == 409
        assert (await doors.put(subject="uss2")).status_code == 403
        assert doors.node.state.size > size

    knock(tmp_path, steps)


def test_what_is_wrong_with_a_volume_is_named_as_it_was_sent(tmp_path: Path) -> None:
    """What the theatre finds wrong is told in the standard's words, by the place in the request, also of an update
    from which volumes were left out."""

    async def steps(doors: Doors) -> None:
        past = extent(start_min=-30, end_min=-20)
        far = extent(start_min=60 * 24 * 365, end_min=60 * 24 * 365 + 5)
        assert (await doors.put(extent(), far)).json()["field"] == "extents[1].time_end"
        assert (await doors.put(extent(), extent(lat=10))).json()["field"] == "extents[1].volume"
        ovn = (await doors.put()).json()["operational_intent_reference"]["ovn"]
        told = (await doors.put(past, extent(), far, ovn=ovn)).json()
        assert told["field"] == "extents[2].time_end"
        told = (await doors.ask("PUT", f"/dss/v1/subscriptions/{ID}", {"extents": far, "uss_base_url": URL,
                                "notify_for_operational_intents": True})).json()  # fmt: skip
        assert told["field"] == "extents.time_end"

    knock(tmp_path, steps)


@pytest.mark.parametrize("public", ["", "https://theatre.test/here"])
def test_the_node_names_itself_as_configured_or_as_it_listens(tmp_path: Path, public: str) -> None:
    """`uss_base_url` of what this node manages is the configured address, else the one that the request came to."""

    async def steps(doors: Doors) -> None:
        from wideberth.party.command import Disclosure

        await doors.world.plan("AAA", doors.world.box(start_h=0.5), disclosure=Disclosure.OPEN)
        area = {
            "area_of_interest": extent(radius_m=5_000, start_min=0, end_min=200, altitude_lower=..., altitude_upper=...)
        }
        row = (await doors.ask("POST", f"{INTENTS}/query", area)).json()["operational_intent_references"][0]
        assert row["uss_base_url"] == (public or "http://node")
        told = await doors.ask("GET", f"/uss/v1/operational_intents/{row['id']}")
        assert told.json()["operational_intent"]["reference"]["uss_base_url"] == (public or "http://node")

    knock(tmp_path, steps, config={"public_url": public})


def test_a_closed_door_is_cheap_to_find_out(tmp_path: Path) -> None:
    """Other addresses pass the doors untouched: the page, the own API, and what merely begins alike."""

    async def steps(doors: Doors) -> None:
        assert (await doors.client.get("/")).headers["content-type"].startswith("text/html")
        assert (await doors.client.get("/v1/about")).status_code == 200
        assert (await doors.client.get("/ds")).headers["content-type"] == "application/problem+json"

    knock(tmp_path, steps)


def test_reads_that_wait_too_long_a_queue_are_told_to_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """429 with Retry-After for a full queue, 413 for more results than are given."""

    async def steps(doors: Doors) -> None:
        queue = refuse(Reason.TOO_MANY, "reads", "at most 1000 reads of a party wait", "one more")
        results = refuse(Reason.TOO_MANY, "area_of_interest", "at most 10000 results", 10_001)
        for refusal, status in ((queue, 429), (results, 413)):

            async def no(*_: Any, told: Refusal = refusal) -> Refusal:
                return told

            monkeypatch.setattr(doors.node, "read", no)
            for path in (f"{INTENTS}/query", "/dss/v1/constraint_references/query", "/dss/v1/subscriptions/query"):
                answer = await doors.ask("POST", path, {"area_of_interest": extent()})
                assert answer.status_code == status
                assert ("retry-after" in answer.headers) is (status == 429)

    knock(tmp_path, steps)


def test_a_long_answer_is_made_in_slices() -> None:
    """Every row once and in order, and others have their turn in between."""

    async def steps() -> None:
        turns = 0

        async def others() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        beside = asyncio.create_task(others())
        rows = await rows_of(range(5 * SLICE_ROWS + 1), str)
        beside.cancel()
        assert rows == [str(i) for i in range(5 * SLICE_ROWS + 1)]
        assert turns >= 5
        assert await rows_of([], str) == []

    asyncio.run(steps())
