"""Commands: the same bytes get the same answer; everything that is not right is refused, and says how."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from api_kit import World, found_in, opened, run, unb64, until
from worlds import DAY, HOUR, ND, START_US, charter, seed_of

from wideberth.limits import BODY_BYTES_MAX, QUEUE_COMMANDS_MAX
from wideberth.party.command import Confirm, OperationState, RevokeKey, SetState, Tick
from wideberth.party.identity import public_key
from wideberth.space.volume import Circle, Polygon
from wideberth.theatre.shown import b64


def problem(answer: httpx.Response, status: int, reason: str) -> dict[str, Any]:
    """The problem of a refusal, checked for its form."""
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body.get("reason")) == (status, reason), body
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["status"] == status
    assert body["type"].endswith(f"/{reason}")
    assert body["limit"]
    assert body["detail"].endswith(".")
    return body


# the same command twice


def test_the_same_bytes_get_the_same_answer_also_after_a_restart(tmp_path: Path) -> None:
    """Byte for byte, accepted or refused, and nothing happens twice; also when the plan has changed since."""

    async def go() -> None:
        found_in(tmp_path)
        async with opened(tmp_path) as world:
            await world.plan("AAA", world.box())
            operation, command, parts = world.planned("BBB", world.box(lon=-38.01))
            good, bad = world.seal("BBB", command, parts), world.seal("BBB", Confirm(operation, 7))
            first = [(await world.send(good)).content, (await world.send(bad)).content]
            again = [(await world.send(good)).content, (await world.send(bad)).content]
            assert again == first
            size = world.node.state.size
            await world.plan("BBB", world.box(lon=-38.02), operation=operation, replaces=1)
            hands = world.hands
            assert world.node.state.size == size + 1
        async with opened(tmp_path, hands=hands) as world:
            size = world.node.state.size
            later = [(await world.send(good)).content, (await world.send(bad)).content]
            assert later == first
            assert world.node.state.size == size

    asyncio.run(go())


def test_a_command_that_arrives_twice_at_once_is_decided_once(tmp_path: Path) -> None:
    """Both get the one answer."""

    async def steps(world: World) -> None:
        _, command, parts = world.planned("AAA", world.box())
        body = world.seal("AAA", command, parts)
        answers = await asyncio.gather(*(world.send(body) for _ in range(5)))
        assert len({answer.content for answer in answers}) == 1
        assert len((await world.view("AAA"))["operations"]) == 1

    run(tmp_path, steps)


def test_an_id_with_other_bytes_is_refused(tmp_path: Path) -> None:
    """Ids are per party: reused for other bytes they are refused, another party's use of it is its own."""

    async def steps(world: World) -> None:
        _, command, parts = world.planned("AAA", world.box())
        used = world.draw(16)
        assert (await world.say("AAA", command, *parts, command_id=used)).status_code == 200
        problem(await world.say("AAA", command, *parts, command_id=used), 409, "id-reused")
        _, command, parts = world.planned("BBB", world.box(lat=45))
        assert (await world.say("BBB", command, *parts, command_id=used)).status_code == 200

    run(tmp_path, steps)


# who says it


def test_what_nobody_is_known_to_have_said_is_no_entry(tmp_path: Path) -> None:
    """Wrong signature, altered envelope, other theatre, unknown party or key, a node's command: refused, unwritten."""

    async def steps(world: World) -> None:
        size = world.node.state.size
        _, command, parts = world.planned("AAA", world.box())
        good = world.seal("AAA", command, parts)
        signature = bytearray(unb64(good["signatures"][0]))
        signature[5] ^= 1
        problem(await world.send({**good, "signatures": [b64(bytes(signature))]}), 401, "bad-signature")
        problem(await world.send({**good, "signatures": []}), 401, "bad-signature")
        envelope = bytearray(unb64(good["envelope"]))
        envelope[-1] ^= 1
        problem(await world.send({**good, "envelope": b64(bytes(envelope))}), 401, "bad-signature")
        problem(await world.send(world.seal("AAA", command, parts, genesis=bytes(32))), 403, "wrong-theatre")
        problem(await world.send(world.seal("ZZZ", command, parts)), 401, "unknown-party")
        problem(await world.send(world.seal("AAA", command, parts, seeds=(seed_of("BBB"),))), 401, "unknown-key")
        problem(await world.send(world.seal("AAA", Tick())), 403, "not-permitted")
        swapped = [good["parts"][1], good["parts"][0]]
        problem(await world.send({**good, "parts": swapped}), 400, "parts-mismatch")
        problem(await world.send({**good, "parts": good["parts"][:1]}), 400, "parts-mismatch")
        assert world.node.state.size == size

    run(tmp_path, steps)


def test_a_verified_refusal_is_an_entry_with_a_receipt(tmp_path: Path) -> None:
    """Past its not_after, too far ahead, a revoked key, someone else's operation, a stale version."""

    async def steps(world: World) -> None:
        operation, _ = await world.plan("AAA", world.box())
        _, command, parts = world.planned("AAA", world.box())
        now = world.hands.wall_us
        for changes, status, reason in (
            ({"not_after_us": now - 1}, 403, "past-not-after"),
            ({"not_after_us": now + 2 * DAY}, 400, "not-after-too-far"),
            ({"seen": (1, bytes(32))}, 409, "forked"),
        ):
            refused = problem(await world.say("AAA", command, *parts, **changes), status, reason)
            assert refused["receipt"]["sequence"] == refused["position"]
        activate = OperationState.ACTIVATED
        problem(await world.say("BBB", SetState(operation, 1, activate)), 404, "unknown")
        problem(await world.say("BBB", SetState(bytes(16), 1, activate)), 404, "unknown")
        problem(await world.say("AAA", SetState(operation, 2, activate)), 409, "stale-version")
        revoke = RevokeKey(public_key(seed_of("AAA")), START_US)
        assert (await world.say("AAA", revoke, seeds=(seed_of("AAA", "root"),))).status_code == 200
        problem(await world.say("AAA", command, *parts), 403, "key-revoked")

    run(tmp_path, steps)


# what it says


def plans(world: World) -> dict[str, Any]:
    """Plans that break a rule, by the reason that names it."""
    box = world.box()
    replace = msgspec.structs.replace
    many = tuple(v for i in range(10_000) for v in (42 * ND + i * 100, -38 * ND + (i % 2) * 100))
    crossing = Polygon((42 * ND, -38 * ND, 43 * ND, -37 * ND, 42 * ND, -37 * ND, 43 * ND, -38 * ND))
    return {
        "time-order": replace(box, end_us=box.start_us),
        "past-horizon": replace(box, start_us=box.start_us + 40 * DAY, end_us=box.end_us + 40 * DAY),
        "in-the-past": replace(box, start_us=START_US - 3 * HOUR, end_us=START_US - 2 * HOUR),
        "band-order": replace(box, lower_mm=2_000, upper_mm=1_000),
        "self-crossing": replace(box, outline=crossing),
        "too-few-points": replace(box, outline=Polygon((42 * ND, -38 * ND, 42 * ND, -37 * ND))),
        "too-many-points": replace(box, outline=Polygon(many)),
        "out-of-bounds": replace(box, outline=Circle(10 * ND, -38 * ND, 1_000)),
        "no-area": replace(box, outline=Circle(42 * ND, -38 * ND, 0)),
    }


@pytest.mark.parametrize("reason", sorted(plans(World.__new__(World))))
def test_volumes_that_break_a_rule_are_refused_by_name(tmp_path: Path, reason: str) -> None:
    """Each with its field and limit; nothing of the plan stays."""

    async def steps(world: World) -> None:
        _, answer = await world.plan("AAA", plans(world)[reason])
        problem(answer, 400, reason)
        assert answer.json()["field"].startswith("volumes[0]")
        assert (await world.view("AAA"))["operations"] == []

    run(tmp_path, steps)


def test_poles_and_the_antimeridian_are_places_like_others(tmp_path: Path) -> None:
    """Circles over both are taken where the charter's bounds hold them."""

    async def steps(world: World) -> None:
        box = world.box()
        for circle in (
            Circle(90 * ND, 0, 50_000_000),
            Circle(0, 180 * ND - 1, 50_000_000),
            Circle(-90 * ND, 0, 10_000_000),
        ):
            _, answer = await world.plan("AAA", msgspec.structs.replace(box, outline=circle))
            assert answer.status_code == 200, answer.text

    run(tmp_path, steps, rules=charter(bounds_nd=(-90 * ND, 90 * ND, -180 * ND, 180 * ND)))


# the body


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "malformed"),
        (b"{", "malformed"),
        (b"null", "malformed"),
        (b"[" * 100_000, "malformed"),
        (b'{"envelope": "\xff"}', "malformed"),
        (b'{"envelope": "AAA", "signatures": "x"}', "malformed"),
        (b'{"envelope": "A", "signatures": []}', "malformed"),
        (b'{"envelope": "AAA=", "signatures": []}', "malformed"),
        (b'{"envelope": "", "signatures": []}', "malformed"),
        (b'{"envelope": "AA", "signatures": [], "parts": [], "priority": 9}', "unknown-field"),
        (b'{"envelope": "AA", "signatures": [], "parts": [{"salt": "", "content": "", "x": 1}]}', "unknown-field"),
        (b'{"envelope": "AA", "signatures": ["", "", "", "", "", "", "", "", ""]}', "too-many"),
    ],
)
def test_bodies_that_cannot_be_read_are_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    """Never a 500, always what was expected instead."""

    async def steps(world: World) -> None:
        answer = await world.client.post("/v1/commands", content=data, headers={"content-type": "application/json"})
        assert answer.status_code in (400, 429)
        assert answer.json()["reason"] == reason, answer.text

    run(tmp_path, steps)


def test_envelopes_that_are_not_canonical_or_have_more_fields_are_refused(tmp_path: Path) -> None:
    """Another encoding of the same values, one element more, a map for an array, endless nesting."""

    async def steps(world: World) -> None:
        _, command, parts = world.planned("AAA", world.box())
        good = world.seal("AAA", command, parts)
        data = unb64(good["envelope"])
        values = msgspec.msgpack.decode(data)
        longer = msgspec.msgpack.encode([*values, "more"])
        wide = b"\xdc\x00\x09" + data[1:]
        for altered, reason in (
            (longer, "unknown-field"),
            (wide, "not-canonical"),
            (data + b"\x00", "malformed"),
            (msgspec.msgpack.encode({"context": "x"}), "malformed"),
            (b"\x91" * 100_000, "malformed"),
        ):
            answer = await world.send({**good, "envelope": b64(altered)})
            assert answer.status_code == 400
            assert answer.json()["reason"] == reason, answer.text

    run(tmp_path, steps)


def test_oversized_bodies_are_refused_stated_or_not(tmp_path: Path) -> None:
    """By the stated length before a byte is read; without one as soon as it is too much."""

    async def steps(world: World) -> None:
        taken = 0

        async def endless() -> Any:
            nonlocal taken
            while True:
                taken += 65_536
                yield b" " * 65_536

        json = {"content-type": "application/json"}
        stated = await world.client.post("/v1/commands", content=b" " * (BODY_BYTES_MAX + 1), headers=json)
        problem(stated, 413, "too-large")
        unstated = await world.client.post("/v1/commands", content=endless(), headers=json)
        problem(unstated, 413, "too-large")
        assert taken <= BODY_BYTES_MAX + 2 * 65_536

    run(tmp_path, steps)


def test_other_kinds_methods_and_addresses_are_problems_too(tmp_path: Path) -> None:
    """415, 405 and 404 of HTTP alone: problem details like everything else, with field, limit and what was received."""

    async def steps(world: World) -> None:
        text = await world.client.post("/v1/commands", content=b"{}", headers={"content-type": "text/plain"})
        put = await world.client.put("/v1/commands", json={})
        nowhere = await world.client.get("/v1/nowhere")
        told = (
            ("content-type", "application/json", "text/plain"),
            ("method", "POST", "PUT"),
            ("path", "an address that /openapi.json lists", "/v1/nowhere"),
        )
        for answer, status, members in zip((text, put, nowhere), (415, 405, 404), told, strict=True):
            assert tuple(answer.json()[name] for name in ("field", "limit", "received")) == members
            assert answer.status_code == status
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["type"] == "about:blank"
            assert answer.json()["detail"].endswith(".")
        assert put.headers["allow"] == "POST"

    run(tmp_path, steps)


@pytest.mark.parametrize(
    "cut", [b'{"a":1', b'{"envelope":"","signatures":[],"x":', b'{"envelope":5', b'{"envelope":"\xff']
)
def test_what_is_no_json_is_called_malformed(tmp_path: Path, cut: bytes) -> None:
    """A body that ends too soon is no JSON, whatever its first members are; a whole one has an unknown member."""

    async def steps(world: World) -> None:
        kind = {"content-type": "application/json"}
        broken = await world.client.post("/v1/commands", content=cut, headers=kind)
        assert problem(broken, 400, "malformed")["limit"] == "JSON in UTF-8"
        whole = await world.client.post("/v1/commands", content=b'{"a":1}', headers=kind)
        assert "`a`" in problem(whole, 400, "unknown-field")["received"]

    run(tmp_path, steps)


def test_base64_has_one_form(tmp_path: Path) -> None:
    """Padding, the other alphabet and loose bits are not taken: the same bytes have one spelling."""

    async def steps(world: World) -> None:
        _, command, parts = world.planned("AAA", world.box())
        good = world.seal("AAA", command, parts)
        data = unb64(good["envelope"])
        for text in (base64.b64encode(data).decode() + "=", good["envelope"] + "\n", good["envelope"] + "="):
            assert (await world.send({**good, "envelope": text})).json()["reason"] == "malformed"

    run(tmp_path, steps)


# floods


@asynccontextmanager
async def nothing_decided(world: World) -> AsyncIterator[None]:
    """Commands are queued, and decided only afterwards."""
    decide, world.node._decide_group = world.node._decide_group, hold  # type: ignore[method-assign]
    try:
        yield
    finally:
        world.node._decide_group = decide  # type: ignore[method-assign]


def test_one_partys_flood_leaves_the_others_their_turns(tmp_path: Path) -> None:
    """With hundreds of one party's commands waiting, the others' are decided in the first round."""

    async def steps(world: World) -> None:
        flood = [("AAA", world.seal("AAA", Confirm(world.draw(16), 1))) for _ in range(300)]
        others = [(p, world.seal(p, Confirm(world.draw(16), 1))) for p in ("BBB", "CCC", "DDD")]
        async with nothing_decided(world):
            tasks = [(party, asyncio.create_task(world.send(body))) for party, body in flood + others]
            await until(lambda: len(world.node._commands) == len(tasks))
        positions: dict[str, list[int]] = {}
        for party, task in tasks:
            positions.setdefault(party, []).append((await task).json()["position"])
        first = min(positions["AAA"])
        assert sorted(positions["BBB"] + positions["CCC"] + positions["DDD"]) == [first + 1, first + 2, first + 3]
        assert positions["AAA"] == sorted(positions["AAA"])

    run(tmp_path, steps)


def test_past_its_queue_a_party_is_told_to_come_back(tmp_path: Path) -> None:
    """429 with Retry-After, and no entry; another party is still taken."""

    async def steps(world: World) -> None:
        bodies = [world.seal("AAA", Confirm(world.draw(16), 1)) for _ in range(QUEUE_COMMANDS_MAX + 20)]
        async with nothing_decided(world):
            tasks = [asyncio.create_task(world.send(body)) for body in bodies]
            other = asyncio.create_task(world.send(world.seal("BBB", Confirm(world.draw(16), 1))))
            await until(lambda: len(world.node._commands) == QUEUE_COMMANDS_MAX + 1)
        answers = [await task for task in tasks]
        assert [answer.status_code for answer in answers].count(429) == 20
        late = next(answer for answer in answers if answer.status_code == 429)
        assert late.headers["retry-after"] == "1"
        assert (late.json()["reason"], late.json().get("position")) == ("too-many", None)
        assert (await other).json()["reason"] == "unknown"

    run(tmp_path, steps)


async def hold(_wall_us: int) -> None:
    """Stands in for deciding: nothing is decided."""
    await asyncio.sleep(0.01)
