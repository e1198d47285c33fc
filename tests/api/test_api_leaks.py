"""What nobody is told, nobody finds: bystanders in twin worlds, peers of hidden plans, and those who probe.

Leaks that are known and written down: the size of the ledger and the times of its entries (entry rate), and hashes
over what others said (root, signed note, proofs, leaf hash and so the receipt's signature). They are removed here by
name; everything else a bystander gets is compared byte by byte.
"""

import asyncio
import io
import os
import struct
from pathlib import Path
from typing import Any

import msgspec
import pytest
from api_kit import World, on_loopback, run, served, unb64
from worlds import HOUR, ND, START_US, charter

from wideberth.api.routes import ENDPOINTS
from wideberth.ledger.export import read_export
from wideberth.party.command import (
    AcceptRisk,
    Concur,
    Confirm,
    Disclosure,
    OperationState,
    PlaceKind,
    Procedure,
    ProposalSubject,
    Propose,
    Protect,
    SetState,
    Shift,
    Text,
    Volumes,
)
from wideberth.refusal import Refusal
from wideberth.space.volume import Polygon, Volume4D
from wideberth.theatre.shown import id_text

LEAKING = frozenset({"root", "note", "checkpoint", "leaf_hash", "proof", "first_root", "second_root", "signature"})
PROBES = 10_000 if os.environ.get("WIDEBERTH_LONG") else 150
BYSTANDER = "AAA"


def without_leaks(value: Any) -> Any:
    """JSON without the members that are known to leak."""
    if isinstance(value, dict):
        return {name: without_leaks(item) for name, item in value.items() if name not in LEAKING}
    return [without_leaks(item) for item in value] if isinstance(value, list) else value


def body_of(data: bytes) -> bytes:
    """A body without leaks, as bytes; a body that is not JSON as it is."""
    try:
        return msgspec.json.encode(without_leaks(msgspec.json.decode(data)))
    except msgspec.DecodeError:
        return data


def given_in(data: bytes) -> bytes:
    """Of an export, the parts with their salts, by entry; but the founding entry, which is every member's to see."""
    export = read_export(io.BytesIO(data))
    assert not isinstance(export, Refusal)
    entries = [item.entry for item in export.items() if item.entry.sequence]
    rows = [(e.sequence, e.time_us, [p and (p.salt, p.content) for p in e.parts]) for e in entries]
    return repr(rows).encode()


async def streamed(world: World, party: str) -> bytes:
    """The stream from its beginning to its first tick."""
    parts = []
    headers = await world.headers(party)
    async with on_loopback(world) as client, client.stream("GET", "/v1/stream", headers=headers) as answer:
        async for line in answer.aiter_lines():
            parts.append(body_of(line.removeprefix("data: ").encode()) if line.startswith("data") else line.encode())
            if line == "event: tick":
                break
    return b"\n".join(parts)


async def everything(world: World, party: str, ids: list[bytes]) -> dict[str, bytes]:
    """Every GET endpoint's answer to a party; those with an id for its own things and for the ids given."""
    view = await world.view(party)
    own = [thing["id"] for kind in ("operations", "conflicts", "constraints") for thing in view[kind]]
    queries: dict[str, list[dict[str, Any]]] = {
        "/v1/notices": [{}, {"limit": 1}, {"after": 1}, {"after": 10**6}],
        "/v1/positions/show": [{"lat": "42", "lon": "-38"}],
        "/v1/proofs/inclusion": [{"sequence": 1}, {"sequence": 10**6}],
        "/v1/proofs/consistency": [{"first": 1}],
    }
    found = {"stream": await streamed(world, party)}
    for endpoint in ENDPOINTS:
        if endpoint.method != "GET" or endpoint.path == "/v1/stream":
            continue
        paths = [endpoint.path]
        if endpoint.has_id:
            path = endpoint.path.replace("{sender}", "BBB")
            paths = [path.replace("{id}", thing) for thing in own + [id_text(i) for i in ids]]
        for path in paths:
            for query in queries.get(endpoint.path, [{}]):
                answer = await world.get(party, path, **query)
                clean = given_in if path == "/v1/export" else body_of
                found[f"{path} {query}"] = b"%d %s" % (answer.status_code, clean(answer.content))
    return found


# twin worlds

HIDDEN_NEAR = (42.3, -38.0)
HIDDEN_FAR = (47.0, -33.0)


async def lived(world: World, hidden_at: tuple[float, float], disclosure: Disclosure, kind: str) -> list[bytes]:
    """The same days in both worlds, but for where BBB's hidden plan or place is. Answers of the bystander."""
    answers: list[bytes] = []

    async def mine(answer: Any) -> None:
        answers.append(b"%d %s" % (answer.status_code, body_of(answer.content)))

    lat, lon = hidden_at
    operation, sent = await world.plan("AAA", world.box(), label="mine")
    await mine(sent)
    await world.plan("CCC", world.box(lat=42.3), label="met by the hidden one in one world")
    volume = world.box(lat=lat, lon=lon)
    hidden = b"hidden-operation"
    if kind == "operation":
        _, sent = await world.plan("BBB", volume, operation=hidden, disclosure=disclosure, label="hidden")
    else:
        dates = (START_US, START_US + 20 * 24 * HOUR)
        command = Protect(hidden, 0, PlaceKind.CAMP, 0, "UN", *dates)
        sent = await world.say("BBB", command, Volumes((volume,)))
    assert sent.status_code == 200, sent.text
    await world.plan("DDD", world.box(lat=42.01), label="meets mine", disclosure=Disclosure.OPEN)
    _, sent = await world.plan("AAA", world.box(lat=45.0), label="second")
    await mine(sent)
    await mine(await world.say("AAA", SetState(operation, 1, OperationState.ACTIVATED)))
    await mine(await world.say("AAA", SetState(hidden, 1, OperationState.ACTIVATED)))
    conflict = unb64_id((await world.view("AAA"))["conflicts"][0]["id"])
    await mine(await world.say("AAA", AcceptRisk(conflict, 0), Text("en", "seen")))
    if kind == "operation":
        await world.say("BBB", Confirm(hidden, 1))
        again = volume if hidden_at == HIDDEN_FAR else world.box(lat=lat + 0.001, lon=lon)
        await world.plan("BBB", again, operation=hidden, replaces=1, disclosure=disclosure, label="hidden still")
    dry = await world.client.post("/v1/check", json=probe(lat=42.3), headers=await world.headers("AAA"))
    await mine(dry)
    await world.pass_time(6_000_000)
    return answers


def unb64_id(text: str) -> bytes:
    """The bytes of a UUID."""
    return bytes.fromhex(text.replace("-", ""))


def probe(lat: float) -> dict[str, Any]:
    """A plan that would lie on the hidden one."""
    band = ({"value": v, "unit": "M", "reference": "W84"} for v in (1_000, 1_500))
    heights = dict(zip(("lower", "upper"), band, strict=True))
    properties = {"datum": "WGS84", "form": "decimal", "radius_m": 2_000, **heights}
    times = {"start": "2026-11-18T13:06:40Z", "end": "2026-11-18T14:06:40Z"}
    geometry = {"type": "Point", "coordinates": [-38.0, lat]}
    return {"type": "Feature", "geometry": geometry, "properties": {**properties, **times}}


@pytest.mark.parametrize(
    ("kind", "disclosure"),
    [
        ("operation", Disclosure.CONFLICT_ONLY),
        ("operation", Disclosure.PRIVATE),
        ("protected", Disclosure.CONFLICT_ONLY),
    ],
)
def test_a_bystander_cannot_tell_twin_worlds_apart(tmp_path: Path, kind: str, disclosure: Disclosure) -> None:
    """Two worlds differ in where one hidden thing is, and so in whom it meets: every answer, page and stream that a
    bystander gets is the same, and ids of the one world are as unknown in it as in the other."""

    async def go() -> None:
        seen: list[dict[str, bytes]] = []
        said: list[list[bytes]] = []
        ids: list[bytes] = [b"hidden-operation"]
        met: list[int] = []
        for name, at in (("near", HIDDEN_NEAR), ("far", HIDDEN_FAR)):
            async with served(tmp_path / name, seed=11, rules=charter(settle_us=0)) as world:
                said.append(await lived(world, at, disclosure, kind))
                hidden = [c.id for c in world.node.state.conflicts.values() if c.side_of("BBB") is not None]
                met.append(len(hidden))
                ids += hidden
                seen.append(await everything(world, BYSTANDER, ids))
        assert met[0] > met[1] == 0, "the worlds do differ"
        assert said[0] == said[1]
        assert seen[0].keys() == seen[1].keys()
        for where, body in seen[0].items():
            assert body == seen[1][where], where

    asyncio.run(go())


def test_the_twin_test_can_fail(tmp_path: Path) -> None:
    """For CCC, whom the hidden plan meets in one of the worlds, they are different worlds."""

    async def go() -> None:
        seen = []
        for name, at in (("near", HIDDEN_NEAR), ("far", HIDDEN_FAR)):
            async with served(tmp_path / name, seed=11, rules=charter(settle_us=0)) as world:
                await lived(world, at, Disclosure.CONFLICT_ONLY, "operation")
                seen.append(await everything(world, "CCC", []))
        assert seen[0]["/v1/view {}"] != seen[1]["/v1/view {}"]
        assert seen[0]["stream"] != seen[1]["stream"]

    asyncio.run(go())


# the peer of a conflict


def secrets_of(volumes: list[Volume4D], operation: bytes, words: list[str]) -> list[bytes]:
    """Everything that would betray a hidden plan: words, ids, coordinates, heights and times, as text and as bytes."""
    found = [word.encode() for word in words] + [operation, id_text(operation).encode()]
    numbers: list[int] = []
    for volume in volumes:
        assert isinstance(volume.outline, Polygon)
        numbers += [*volume.outline.ring, volume.lower_mm, volume.upper_mm, volume.start_us, volume.end_us]
        found += [repr(nd / 1e9).encode() for nd in volume.outline.ring]
        found += [repr(mm / 1e3).encode() for mm in (volume.lower_mm, volume.upper_mm)]
    return found + [msgspec.msgpack.encode(n) for n in numbers] + [struct.pack("<q", n) for n in numbers]


def haystack(bodies: dict[str, bytes]) -> bytes:
    """All bodies, and what lies in them in base64."""
    out: list[bytes] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            for name, item in value.items():
                if name in ("content", "salt") and isinstance(item, str):
                    out.append(unb64(item))
                walk(item)
        elif isinstance(value, list):
            for item in value:
                walk(item)

    for where, body in bodies.items():
        if not where.startswith("/v1/theatre"):
            out.append(body)
            for line in body.split(b"\n"):
                try:
                    walk(msgspec.json.decode(line.partition(b" ")[2] if not line.startswith(b"{") else line))
                except msgspec.DecodeError:
                    continue
    return b"\n".join(out)


def hidden_volumes() -> list[Volume4D]:
    """A plan that covers more than its peer's in every way, and has a second part elsewhere."""
    start, end = START_US + HOUR + 123_457, START_US + 5 * HOUR + 765_431
    corners = (
        41.876543211,
        -38.123456789,
        41.887654323,
        -37.834567891,
        42.198765433,
        -37.812345671,
        42.187654329,
        -38.134567893,
    )
    wide = tuple(round(v * ND) for v in corners)
    elsewhere = (46.000000017, -33.000000019, 46.000000023, -32.900000029, 46.100000031, -32.950000037)
    away = tuple(round(v * ND) for v in elsewhere)
    return [
        Volume4D(Polygon(wide), 321_987, 8_765_432, start, end),
        Volume4D(Polygon(away), 654_321, 7_654_323, start + 11, end + 13),
    ]


@pytest.mark.parametrize("disclosure", [Disclosure.CONFLICT_ONLY, Disclosure.PRIVATE])
def test_a_peer_finds_nothing_that_the_class_withholds(tmp_path: Path, disclosure: Disclosure) -> None:
    """After planning, talking and settling, no answer to the peer holds a word, id, corner, height or time of the
    hidden plan outside the overlap, nor, where it is private, its owner's name."""

    async def steps(world: World) -> None:
        volumes = hidden_volumes()
        words = ["HIDDEN-LABEL", "hidden note", "hidden contact"]
        operation, sent = await world.plan(
            "PPP", *volumes, label=words[0], note=words[1], contact=words[2], disclosure=disclosure, shared="relief"
        )
        assert sent.status_code == 200, sent.text
        _, sent = await world.plan("AAA", world.box(radius_m=1_000))
        (conflict,) = sent.json()["conflicts"]
        thing = unb64_id(conflict["id"])
        await world.say("PPP", Propose(thing, world.draw(16), Shift("mine", 60_000_000, 0)))
        await world.say("PPP", Propose(thing, world.draw(16), Procedure(0)), Text("en", "call us"))
        await world.say("AAA", Propose(thing, world.draw(16), Shift("other", 60_000_000, 0)))
        await world.say("PPP", AcceptRisk(thing, 0), Text("en", "accepted"))
        bodies = await everything(world, "AAA", [])
        bodies["answer"] = sent.content
        found = haystack(bodies)
        assert b"call us" in found
        assert b"relief" in found
        hidden = secrets_of(volumes, operation, words)
        if disclosure is Disclosure.PRIVATE:
            hidden += [b"PPP", b"Party PPP"]
        else:
            assert b"Party PPP" in found
        assert [secret for secret in hidden if secret in found] == []
        own = haystack(await everything(world, "PPP", []))
        assert all(word.encode() in own for word in words[:2]), "the search does find what is there"

    run(tmp_path, steps, parties=("AAA", "PPP"))


def test_a_protected_place_shows_as_a_cell_and_nothing_else(tmp_path: Path) -> None:
    """Its corners, its height and its name are in no answer to the one whose plan meets it."""

    async def steps(world: World) -> None:
        volumes = [msgspec.structs.replace(hidden_volumes()[0], lower_mm=1_100_001, upper_mm=1_300_003)]
        place = b"hidden-protected"
        dates = (START_US - 12_345_677, START_US + 20 * 24 * HOUR + 7_654_319)
        command = Protect(place, 0, PlaceKind.HOSPITAL, 0, "HIDDEN-VERIFIER", *dates)
        await world.say("PPP", command, Volumes(tuple(volumes)))
        _, sent = await world.plan("AAA", world.box(radius_m=1_000))
        bodies = await everything(world, "AAA", [])
        bodies["answer"] = sent.content
        found = haystack(bodies)
        assert b"cell" in found
        assert [s for s in secrets_of(volumes, place, ["HIDDEN-VERIFIER", "hospital"]) if s in found] == []
        options = next(b for where, b in bodies.items() if "/options" in where and b.startswith(b"200"))
        assert {o["change"]["altitude_m"] for o in msgspec.json.decode(options[4:])["options"]} <= {0.0}

    run(tmp_path, steps, parties=("AAA", "PPP"))


def test_a_third_party_that_moved_a_plan_is_not_named_to_others(tmp_path: Path) -> None:
    """BBB concurs that AAA's plan moves; it now meets CCC's: CCC learns of AAA, not of BBB."""

    async def steps(world: World) -> None:
        await world.plan("BBB", world.box())
        await world.plan("AAA", world.box())
        await world.plan("CCC", world.box(start_h=5))
        conflict = (await world.view("BBB"))["conflicts"][0]
        thing, proposal = unb64_id(conflict["id"]), world.draw(16)
        await world.say("AAA", Propose(thing, proposal, Shift("mine", 3 * HOUR, 0)))
        done = await world.say("BBB", Concur(ProposalSubject(thing, proposal)))
        assert done.status_code == 200, done.text
        assert done.json()["conflicts"] == [], "whom the moved plan meets is not the concurring party's to know"
        (met,) = (await world.view("CCC"))["conflicts"]
        assert met["other"]["party"] == "AAA"
        assert b"BBB" not in haystack(await everything(world, "CCC", []))

    run(tmp_path, steps)


# probing


def test_probes_run_into_the_budget_and_are_seen(tmp_path: Path) -> None:
    """One party feels its way with small plans: after its day's checks it is refused until the next day, and the
    probed owner has a notice of every probe that met its plan."""
    checks = 40

    async def steps(world: World) -> None:
        await world.plan("BBB", world.box(radius_m=5_000))
        told, answers = 0, []
        for i in range(PROBES):
            near = i % 2 == 0
            small = world.box(lat=42.0 if near else 47.0, radius_m=10 + i, start_h=2.2, hours=0.1)
            _, answer = await world.plan("AAA", small)
            answers.append(answer)
            told += near and answer.status_code == 200
        assert [a.status_code for a in answers] == [200] * checks + [429] * (PROBES - checks)
        assert answers[-1].json()["reason"] == "budget"
        assert 0 < int(answers[-1].headers["retry-after"]) <= 86_401
        notices = (await world.get("BBB", "/v1/notices", limit=500)).json()["notices"]
        assert len(notices) == told == checks // 2
        assert {n["body"]["items"][0]["other"]["party"] for n in notices} == {"AAA"}
        budget = (await world.view("AAA"))["budget"]
        assert (budget["checks_used"], budget["checks"]) == (checks, checks)
        await world.pass_time(24 * HOUR)
        _, answer = await world.plan("AAA", world.box(lat=47, start_h=30))
        assert answer.status_code == 200

    run(tmp_path, steps, rules=charter(budget_checks=checks))
