"""What came by token stands in the ledger as vouched for, verifies, is decided again alike, and survives a restart."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from api_kit import Hands, World
from conformance_kit import DP, F3411, F3548, Skies, f3548, fly, skies, skies_again
from worlds import ISSUER, NODE_SEED, seed_of

from wideberth.cli import run as command_line
from wideberth.node.opening import SNAPSHOT
from wideberth.party.identity import public_key
from wideberth.party.standard import Availability, SetAvailability, Supplier, Vouch
from wideberth.sequencer import envelope_of

CODE = Supplier(ISSUER, "uss1").party


async def lived(here: Skies) -> dict[str, Any]:
    """A little of everything; the ids of what is left."""
    uss = here.uss1
    await here.world.plan("AAA", here.world.box(start_h=1), crewed=False)
    watch = await here.uss2.subscribed(here.extent(radius_m=5_000), constraints=True)
    row = await uss.planned(here.extent(), implicit=True)
    row = await uss.planned(
        here.extent(end_s=5_000), id=row.id, ovn=row.ovn, subscription_id=row.subscription_id, state="Activated"
    )
    refused = await here.uss2.put(here.extent())
    assert refused.status == 409
    met = await uss.planned(here.extent(band_m=(1_000, 1_500), start_s=3_600, end_s=7_000))
    closed = (await uss.close(here.extent())).body.constraint_reference
    area = await uss.served(here.extent())
    eye = await here.uss2.watched(here.extent())
    area = await uss.served(here.extent(end_s=5_000), id=area.id, version=area.version)
    gone = await uss.planned(here.extent(lat=44), implicit=True)
    await uss.drop(gone.id, gone.ovn)
    await here.arbiter.arbitrate("uss2", "Down")
    return {"watch": watch, "row": row, "met": met, "closed": closed, "area": area, "eye": eye, "gone": gone}


async def seen(here: Skies, kept: dict[str, Any]) -> list[tuple[int, Any]]:
    """Every read of what is left."""
    answers = []
    wide = here.extent(radius_m=10_000, start_s=None, end_s=None, band_m=None)
    wide = {"area_of_interest": {"volume": wide["volume"]}}
    ring = "41.99,-38.01,41.99,-37.99,42.01,-37.99,42.01,-38.01"
    for uss in (here.uss1, here.uss2):
        answers += [
            await uss.f3548(F3548.QueryOperationalIntentReferences, wide),
            await uss.f3548(F3548.QueryConstraintReferences, wide, "utm.constraint_processing"),
            await uss.f3548(F3548.QuerySubscriptions, wide),
            await uss.areas(ring),
            await uss.f3411(F3411.SearchSubscriptions, None, DP, query={"area": ring}),
            await uss.availability("uss2"),
            await uss.availability("uss1"),
        ]
        for named in kept.values():
            answers += [await uss.get(named.id), await uss.subscription(named.id), await uss.area(named.id)]
            answers.append(await uss.details(named.id))
    found = []
    for said in answers:
        raw = {k: v for k, v in said.raw.items() if k != "correlation_id"}
        found.append((said.status, raw))
    return found


def test_what_came_by_token_is_marked_as_vouched_for(tmp_path: Path) -> None:
    """Its envelope names issuer, subject and request, and is signed by the node's key alone, which is no party's."""

    async def steps(here: Skies) -> None:
        size = here.world.node.state.size
        await lived(here)
        by_party: dict[str, list[Any]] = {}
        for entry in here.world.node.sequencer.store.read(size):
            envelope = envelope_of(entry)
            by_party.setdefault(envelope.party, []).append(envelope)
        for envelope in by_party[CODE]:
            assert isinstance(envelope.command, Vouch)
            assert (envelope.command.issuer, envelope.command.subject) == (ISSUER, "uss1")
            assert len(envelope.command.request) == 32
            assert envelope.keys == (public_key(NODE_SEED),)
        assert not any(isinstance(e.command, Vouch) for e in by_party["AAA"])
        member = here.world.node.state.members[CODE]
        assert (member.keys, member.name, member.issuer) == ({}, "uss1", ISSUER)

    fly(tmp_path, steps)


@pytest.mark.parametrize("words", [["verify", "--again", "--json"], ["replay", "--json"]], ids=" ".join)
def test_the_ledger_verifies_and_is_decided_again_alike(
    tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """An auditor who runs `wideberth verify --again` or `replay` over a ledger with suppliers finds it sound."""

    async def go() -> None:
        async with skies(tmp_path / "t") as here:
            await lived(here)

    asyncio.run(go())
    capsys.readouterr()
    status = command_line([words[0], str(tmp_path / "t"), *words[1:]])
    told = capsys.readouterr()
    assert status == 0, told.out + told.err
    finding = json.loads(told.out)
    if words[0] == "verify":
        assert finding["sound"]
        assert finding["not_decided"] == 1, "the parts of what was refused are not kept"
        assert finding["signatures"] == finding["entries"]


@pytest.mark.parametrize("keep", [True, False], ids=["snapshot", "replay"])
@f3548("DSS0215")
def test_a_restart_loses_nothing(tmp_path: Path, keep: bool) -> None:
    """References, subscriptions, indices, availability and overlaps are answered as before; the next write fits."""

    async def go() -> None:
        hands = Hands()
        async with skies(tmp_path / "t", hands=hands) as here:
            kept = await lived(here)
            before, digest = await seen(here, kept), here.world.node.state.digest()
            size = here.world.node.state.size
        assert (tmp_path / "t" / SNAPSHOT).exists()
        if not keep:
            (tmp_path / "t" / SNAPSHOT).unlink()
        async with skies_again(tmp_path / "t", hands) as again:
            assert again.world.node.state.size >= size
            assert digest
            assert await seen(again, kept) == before
            row = kept["row"]
            stale = await again.uss1.put(again.extent(lat=43), id=row.id, ovn="Z" * 22)
            assert stale.status == 409
            after = await again.uss1.put(
                again.extent(), id=row.id, ovn=row.ovn, subscription_id=row.subscription_id, state="Activated"
            )
            assert after.status == 200, after.raw
            assert after.body.operational_intent_reference.version == row.version + 1

    asyncio.run(go())


def test_a_request_is_known_again_after_a_restart(tmp_path: Path) -> None:
    """An answer that was lost with the node is had from the next one."""

    async def go() -> None:
        hands = Hands()
        async with skies(tmp_path / "t", hands=hands) as here:
            extent, named = here.extent(), here.uuid()
            first = await here.uss1.put(extent, id=named, implicit=True)
            assert first.status == 201
        async with skies_again(tmp_path / "t", hands) as again:
            repeated = await again.uss1.put(extent, id=named, implicit=True)
            assert (repeated.status, repeated.raw) == (201, first.raw)

    asyncio.run(go())


# nobody speaks for a supplier but its token


async def refused_of(world: World, party: str, command: Any, seed: bytes) -> tuple[int, str]:
    """Status and sentence of a command that a party would send by /v1/commands."""
    answer = await world.send(world.seal(party, command, seeds=(seed,)))
    return answer.status_code, answer.text


@pytest.mark.parametrize("who", ["AAA", CODE])
@pytest.mark.parametrize("seed", [seed_of("AAA"), NODE_SEED, seed_of("nobody")], ids=["party", "node", "nobody"])
def test_nobody_vouches_but_the_node(tmp_path: Path, who: str, seed: bytes) -> None:
    """A Vouch that is sent to /v1/commands is refused, whoever signs it and for whomever; nothing of it is written."""

    async def steps(here: Skies) -> None:
        await here.uss1.planned(here.extent())
        vouch = Vouch(ISSUER, "uss1", bytes(32), SetAvailability("uss2", "", Availability.DOWN))
        status, text = await refused_of(here.world, who, vouch, seed)
        assert 400 <= status < 500, text
        assert (await here.uss1.availability("uss2")).body.version == ""

    fly(tmp_path, steps)


def test_a_supplier_s_code_opens_no_session_and_signs_nothing(tmp_path: Path) -> None:
    """It has no key: no challenge can be met for it, and no command of the theatre comes from it."""
    from wideberth.party.command import Leave

    async def steps(here: Skies) -> None:
        await here.uss1.planned(here.extent())
        assert CODE in here.world.node.state.members
        for seed in (seed_of("AAA"), NODE_SEED, seed_of(CODE)):
            assert (await here.world.open_session(CODE, seed)).status_code in (401, 403)
            status, text = await refused_of(here.world, CODE, Leave(), seed)
            assert status in (401, 403), text
        assert CODE in here.world.node.state.members

    fly(tmp_path, steps)


def test_a_party_s_session_and_a_supplier_s_token_open_their_own_doors_alone(tmp_path: Path) -> None:
    """A session token is none of the issuer's, and a bearer token opens no session."""

    async def steps(here: Skies) -> None:
        session = await here.world.token("AAA")
        answer = await here.uss1.send("GET", "/dss/v1/uss_availability/x", None, session)
        assert answer.status_code == 401
        for path in ("/v1/view", "/v1/notices"):
            answer = await here.uss1.send("GET", path, None, here.uss1.token("utm.strategic_coordination"))
            assert answer.status_code == 401

    fly(tmp_path, steps)
