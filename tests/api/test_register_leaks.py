"""What the registers tell whom: the owner all, the one who meets an entry a cell, everybody else nothing."""

import struct
from pathlib import Path
from typing import Any

import msgspec
import pytest
from api_kit import World, run
from test_api_leaks import everything, haystack, hidden_volumes, secrets_of
from worlds import HOUR, ND, START_US, charter

from wideberth.party.charter import TrafficClass
from wideberth.party.command import Disclosure, PlaceKind, Protect, Volumes
from wideberth.party.hotline import MessageKind, Precedence, Send
from wideberth.party.registers import (
    CheckPlan,
    Checkpoint,
    Details,
    Fix,
    Itinerary,
    Move,
    Origin,
    PassCheckpoint,
    ReportPosition,
    Source,
    Whose,
)
from wideberth.theatre.shown import id_text

PLACE = b"hidden-protected"
MOVEMENT = b"hidden--movement"
DATES = (START_US - 12_345_677, START_US + 20 * 24 * HOUR + 7_654_319)
SOURCES = (
    Source("HIDDEN-SOURCE", "HIDDEN-HOW", START_US - HOUR - 7, 41_987_654_321, -38_012_345_679, 54_321),
    Source("HIDDEN-OTHER", "HIDDEN-WAY", START_US - HOUR - 9, 41_987_654_329, -38_012_345_671, 54_327),
)
WORDS = ["HIDDEN-VERIFIER", "HIDDEN-PARTNER", "HIDDEN-SOURCE", "HIDDEN-HOW", "HIDDEN-OTHER", "HIDDEN-WAY", "hospital"]
DETAILS = Details(("HIDDEN-ONE", "HIDDEN-TWO"), "HIDDEN-TRUCKS", "HIDDEN-MARKS", "HIDDEN-GUARDS")
ON_THE_WAY = ["HIDDEN-ONE", "HIDDEN-TWO", "HIDDEN-TRUCKS", "HIDDEN-MARKS", "HIDDEN-GUARDS", "HIDDEN-BRIDGE"]


async def registered(world: World) -> list[Any]:
    """PPP has a hospital of a partner in its register; its volumes."""
    volumes = [msgspec.structs.replace(hidden_volumes()[0], lower_mm=1_100_001, upper_mm=1_300_003)]
    origin = Origin(Whose.PARTNER, "HIDDEN-PARTNER", SOURCES)
    command = Protect(PLACE, 0, PlaceKind.HOSPITAL, 0, "HIDDEN-VERIFIER", *DATES, None, 1)
    sent = await world.say("PPP", command, Volumes(tuple(volumes)), origin)  # type: ignore[arg-type]
    assert sent.status_code == 200, sent.text
    return volumes


def hidden() -> list[bytes]:
    """Words, coordinates and times of the sources, as text and as bytes."""
    found = [word.encode() for word in WORDS]
    for source in SOURCES:
        found += [repr(nd / 1e9).encode() for nd in (source.lat_nd, source.lon_nd)]
        numbers = (source.lat_nd, source.lon_nd, source.time_us, source.accuracy_mm)
        found += [msgspec.msgpack.encode(n) for n in numbers] + [struct.pack("<q", n) for n in numbers]
    return found


def check(world: World) -> tuple[CheckPlan, Volumes]:
    """A check that meets it."""
    return CheckPlan(world.draw(16), 0, TrafficClass.CREWED_AIR), Volumes((world.box(radius_m=1_000),))


@pytest.mark.parametrize("disclosure", [Disclosure.CONFLICT_ONLY, Disclosure.PRIVATE])
def test_a_check_shows_a_place_as_a_cell_and_a_plan_as_its_overlap(tmp_path: Path, disclosure: Disclosure) -> None:
    """Nothing in any answer to the asker betrays what lies outside; the owner finds who asked, and not where."""

    async def steps(world: World) -> None:
        volumes = await registered(world)
        plan = hidden_volumes()
        operation, sent = await world.plan("QQQ", *plan, label="HIDDEN-LABEL", disclosure=disclosure)
        assert sent.status_code == 200, sent.text
        sent = await world.say("AAA", *check(world))
        said = sent.json()
        assert said["statement"].startswith("2 known conflicts, checked against all that is live as of position")
        assert [met["other"] for met in said["overlaps"]] == ["protected", "operation"]
        assert [met["places"][0]["shows"] for met in said["overlaps"]] == ["cell", "overlap"]
        bodies = await everything(world, "AAA", [])
        bodies["answer"] = sent.content
        found = haystack(bodies)
        secrets = secrets_of(volumes, PLACE, []) + secrets_of(plan, operation, ["HIDDEN-LABEL"]) + hidden()
        if disclosure is Disclosure.PRIVATE:
            secrets += [b"QQQ", b"Party QQQ"]
        assert [secret for secret in secrets if secret in found] == []
        for owner, thing in (("PPP", PLACE), ("QQQ", operation)):
            rows = (await world.get(owner, "/v1/notices")).json()["notices"]
            probes = [i for row in rows for i in row["body"]["items"] if i["kind"] == "probed"]
            assert probes == [
                {"kind": "probed", "party": "AAA", "thing": id_text(thing), "version": probes[0]["version"]}
            ]
        assert not (await world.view("AAA"))["conflicts"]

    run(tmp_path, steps, parties=("AAA", "PPP", "QQQ"))


def test_the_register_is_its_owners_alone(tmp_path: Path) -> None:
    """GET /v1/registers shows it whole to its owner, with its flags, and to nobody else; nor does any other answer."""

    async def steps(world: World) -> None:
        await registered(world)
        (entry,) = (await world.get("PPP", "/v1/registers")).json()["entries"]
        assert (entry["whose"], entry["partner"], entry["flags"]) == ("partner", "HIDDEN-PARTNER", [])
        assert [source["who"] for source in entry["sources"]] == ["HIDDEN-SOURCE", "HIDDEN-OTHER"]
        own = haystack(await everything(world, "PPP", []))
        assert all(word.encode() in own for word in WORDS), "the search does find what is there"
        await world.plan("AAA", world.box(radius_m=1_000))
        for reader in ("AAA", "BBB"):
            assert (await world.get(reader, "/v1/registers")).json()["entries"] == []
            found = haystack(await everything(world, reader, []))
            assert [secret for secret in hidden() if secret in found] == []

    run(tmp_path, steps, parties=("AAA", "BBB", "PPP"))


def test_a_movement_off_its_route_tells_nobody_where_it_is(tmp_path: Path) -> None:
    """Who has a notice hears the state: no place, checkpoint, contacts or guards; others hear nothing."""

    async def steps(world: World) -> None:
        corridor = world.box(lat=42, radius_m=5_000, band_m=(0, 100), start_h=0.001, hours=5)
        stop = Checkpoint(
            "HIDDEN-BRIDGE", 42 * ND + 1_234_567, -38 * ND + 7_654_321, START_US + 4 * HOUR + 11, 600_000_013
        )
        move = Move(MOVEMENT, 0, 0, 1, 2)
        parts: Any = (Volumes((corridor,)), Itinerary((stop,)), DETAILS)
        assert (await world.say("PPP", move, *parts)).json()["late"]
        notice = Send(world.draw(16), 0, MessageKind.NOTICE, Precedence.IMMEDIATE, ("AAA",), "movement")
        sent = await world.say("PPP", msgspec.structs.replace(notice, operation=MOVEMENT))
        assert sent.status_code == 200, sent.text
        await world.pass_time(10_000_000)
        fix: Any = Fix(43_123_456_789, -37_123_456_781, 7_777)
        seen = ReportPosition(MOVEMENT, 1, world.hands.wall_us, 0)
        assert (await world.say("PPP", seen, fix)).status_code == 200
        assert (await world.get("PPP", "/v1/registers")).json()["entries"][0]["flags"] == ["off-route", "late"]
        secrets = [word.encode() for word in ON_THE_WAY] + [MOVEMENT, id_text(MOVEMENT).encode()]
        for number in (fix.lat_nd, fix.lon_nd, stop.lat_nd, stop.lon_nd, stop.time_us, stop.tolerance_us):
            secrets += [repr(number / 1e9).encode(), msgspec.msgpack.encode(number), struct.pack("<q", number)]
        for reader, heard in (("AAA", True), ("BBB", False)):
            found = haystack(await everything(world, reader, []))
            assert (b"off-route" in found) is heard
            assert [secret for secret in secrets if secret in found] == []
        passed = PassCheckpoint(MOVEMENT, 1, 0, world.hands.wall_us)
        assert (await world.say("PPP", passed)).status_code == 200
        own = (await world.get("PPP", "/v1/registers")).json()["entries"][0]["movement"]
        assert (own["state"], own["contacts"], own["guards"]) == (
            "arrived",
            ["HIDDEN-ONE", "HIDDEN-TWO"],
            "HIDDEN-GUARDS",
        )

    run(tmp_path, steps, parties=("AAA", "BBB", "PPP"))


def test_a_probe_is_seen_by_nobody_but_its_asker_and_whom_it_met(tmp_path: Path) -> None:
    """A bystander reads the same, whether a check met something or nothing."""

    async def steps(world: World) -> None:
        await registered(world)
        reads = [f"/v1/{name}" for name in ("registers", "messages", "lines", "watches", "notices")]

        async def seen() -> list[Any]:
            return [(await world.get("BBB", path)).json() | {"as_of": None} for path in reads]

        before = await seen()
        await world.say("AAA", *check(world))
        assert await seen() == before
        refused = []
        for lat in (42, 49):
            asked = CheckPlan(world.draw(16), 0, TrafficClass.CREWED_AIR), Volumes((world.box(lat=lat),))
            refused.append((await world.say("AAA", *asked)).json())
        assert {answer["reason"] for answer in refused} == {"budget"}
        assert refused[0]["detail"] == refused[1]["detail"], "what it would have met shows in the refusal"

    run(tmp_path, steps, parties=("AAA", "BBB", "PPP"), rules=charter(budget_hits=1))
