"""The happy paths, through HTTP: plan, meet, read, settle, prove."""

import asyncio
import io
import threading
from pathlib import Path
from typing import Any

import pytest
from api_kit import MINUTE, World, run, unb64
from worlds import HOUR, NODE_SEED, START_US, charter, square

from wideberth.api import check
from wideberth.ledger.checkpoint import Verifier, verify_note
from wideberth.ledger.entry import NO_HEAD, read_notice
from wideberth.ledger.export import read_export
from wideberth.ledger.merkle import verify_consistency, verify_inclusion
from wideberth.ledger.verify import verify_given
from wideberth.party.charter import Area
from wideberth.party.command import (
    About,
    AcceptRisk,
    Concur,
    Confirm,
    Constrain,
    ConstraintKind,
    Disclosure,
    Object,
    OperationState,
    PlaceKind,
    PlanSubject,
    Procedure,
    ProposalSubject,
    Propose,
    Protect,
    SetState,
    Shift,
    SignHead,
    Text,
    Volumes,
    Withdraw,
)
from wideberth.party.envelope import encode
from wideberth.party.identity import public_key, signature_holds
from wideberth.refusal import Reason, Refusal, refuse


def test_two_plans_meet_and_each_side_sees_its_part(tmp_path: Path) -> None:
    """The filer is answered with the conflict; both views show it; a bystander's shows nothing."""

    async def steps(world: World) -> None:
        await world.plan("AAA", world.box())
        _, second = await world.plan("BBB", world.box(lon=-38.01))
        assert second.status_code == 200, second.text
        answer = second.json()
        assert answer["outcome"] == "accepted"
        assert len(answer["conflicts"]) == 1
        assert answer["conflicts"][0]["other"]["party"] == "AAA"
        assert answer["conflicts"][0]["other"]["label"] is None
        assert answer["statement"].startswith("1 known conflict, checked against all that is live as of position 3,")
        for party, peer in (("AAA", "BBB"), ("BBB", "AAA")):
            view = await world.view(party)
            (conflict,) = view["conflicts"]
            assert conflict["other"]["party"] == peer
            assert conflict["places"][0]["shows"] == "overlap"
            assert conflict["sees"]["me"] == ["place", "window", "separation", "altitudes", "party"]
            assert [o["party"] for o in view["operations"]] == [party]
        bystander = await world.view("CCC")
        assert bystander["conflicts"] == bystander["operations"] == []

    run(tmp_path, steps)


def test_what_was_blocked_is_settled_by_a_procedure_and_then_starts(tmp_path: Path) -> None:
    """The one planned later is blocked, proposes, the other concurs, and it starts; both see the talk."""

    async def steps(world: World) -> None:
        await world.plan("AAA", world.box())
        operation, _ = await world.plan("BBB", world.box(), label="BBB-7")
        (conflict,) = (await world.view("BBB"))["conflicts"]
        assert conflict["blocks"] == "mine"
        blocked = await world.say("BBB", SetState(operation, 1, OperationState.ACTIVATED))
        assert blocked.status_code == 409
        assert blocked.json()["reason"] == "conflict-open"
        assert blocked.json()["position"] == blocked.json()["receipt"]["sequence"]
        proposal = world.draw(16)
        words = Text("en", "BBB calls before entering")
        subject = ProposalSubject(uuid_bytes(conflict["id"]), proposal)
        assert (await world.say("BBB", Propose(subject.conflict, proposal, Procedure(0)), words)).status_code == 200
        (seen,) = (await world.view("AAA"))["conflicts"]
        assert seen["proposals"][0]["change"]["text"] == "BBB calls before entering"
        assert (seen["proposals"][0]["by"], seen["proposals"][0]["mine"]) == ("BBB", False)
        assert (await world.say("AAA", Concur(subject))).status_code == 200
        (settled,) = (await world.view("BBB"))["conflicts"]
        assert settled["state"] == "settled"
        assert [(s["what"], s["by"]) for s in settled["said"]] == [
            ("opened", "BBB"),
            ("proposed", "BBB"),
            ("concurred", "AAA"),
            ("settled", "AAA"),
        ]
        started = await world.say("BBB", SetState(operation, 1, OperationState.ACTIVATED))
        assert started.status_code == 200
        (mine,) = (await world.view("BBB"))["operations"]
        assert (mine["state"], mine["label"], mine["blocked_by"]) == ("Activated", "BBB-7", [])

    run(tmp_path, steps)


def test_options_name_what_would_clear_it_and_the_shift_does(tmp_path: Path) -> None:
    """A shift that the node offers against an open plan, proposed and concurred with, clears the conflict."""

    async def steps(world: World) -> None:
        await world.plan("AAA", world.box(start_h=2, hours=1), disclosure=Disclosure.OPEN)
        await world.plan("BBB", world.box(start_h=2.5, hours=1))
        (conflict,) = (await world.view("BBB"))["conflicts"]
        answer = await world.get("BBB", f"/v1/conflicts/{conflict['id']}/options")
        mine = [o for o in answer.json()["options"] if o["change"]["whose"] == "mine"]
        assert {o["clears"] for o in mine} == {"all-known"}
        later = next(o for o in mine if o["change"]["start_s"] > 0)
        assert later["change"]["start_s"] == 1800
        proposal = world.draw(16)
        change = Shift("mine", round(later["change"]["start_s"] * 1e6), 0)
        subject = ProposalSubject(uuid_bytes(conflict["id"]), proposal)
        await world.say("BBB", Propose(subject.conflict, proposal, change))
        assert (await world.say("AAA", Concur(subject))).status_code == 200
        (cleared,) = (await world.view("AAA"))["conflicts"]
        assert cleared["state"] == "cleared"
        assert cleared["blocks"] == "none"
        assert cleared["places"], "what was too near is still shown to those who look back"

    run(tmp_path, steps)


def test_options_of_a_hidden_peer_rest_on_what_was_shown(tmp_path: Path) -> None:
    """Where the end of a hidden plan is not shown, no shift past it is offered; where it is, one is."""

    async def steps(world: World) -> None:
        await world.plan("AAA", world.box(start_h=2, hours=1))
        await world.plan("BBB", world.box(start_h=2.5, hours=1))
        conflict_id = (await world.view("BBB"))["conflicts"][0]["id"]
        for party, knows_end in (("BBB", True), ("AAA", False)):
            options = (await world.get(party, f"/v1/conflicts/{conflict_id}/options")).json()["options"]
            later = [o for o in options if o["change"]["whose"] == "mine" and o["change"]["start_s"] > 0]
            earlier = [o for o in options if o["change"]["whose"] == "mine" and o["change"]["start_s"] < 0]
            assert (bool(later), bool(earlier)) == (knows_end, not knows_end)
            assert all("hidden" in o["checked"] for o in later + earlier)

    run(tmp_path, steps)


def test_options_begin_in_the_future_and_say_what_is_late(tmp_path: Path) -> None:
    """No shift has a plan begin before now; one inside the lead time says so; one's own come first; each has a code."""

    async def steps(world: World) -> None:
        await world.plan("AAA", world.box(start_h=1.25, hours=1), disclosure=Disclosure.OPEN)
        await world.plan("BBB", world.box(start_h=1.75, hours=1), disclosure=Disclosure.OPEN)
        path = f"/v1/conflicts/{(await world.view('BBB'))['conflicts'][0]['id']}/options"

        async def told() -> list[tuple[str, float, bool]]:
            found = (await world.get("BBB", path)).json()["options"]
            assert {o["checked_code"] for o in found} == {"mine-open", "other-open"}
            whose = [o["change"]["whose"] for o in found]
            assert whose == sorted(whose), "mine comes before other"
            times = [o for o in found if o["change"]["start_s"]]
            return sorted((o["change"]["whose"], o["change"]["start_s"], o["late"]) for o in times)

        others = [("mine", 1800.0, False), ("other", -1800.0, True), ("other", 5400.0, False)]
        assert await told() == [("mine", -5400.0, True), *others], "15 minutes after the start is still ahead"
        await world.pass_time(30 * MINUTE)
        assert await told() == others

    run(tmp_path, steps)


def test_risk_is_accepted_by_both_or_not_at_all(tmp_path: Path) -> None:
    """One word is not enough; both settle it; a private peer is never named for its own."""

    async def steps(world: World) -> None:
        await world.plan("AAA", world.box(), disclosure=Disclosure.PRIVATE)
        await world.plan("BBB", world.box())
        conflict = (await world.view("BBB"))["conflicts"][0]
        thing = uuid_bytes(conflict["id"])
        for party, accepted_by in (("AAA", [None]), ("BBB", [None, "BBB"])):
            assert (await world.say(party, AcceptRisk(thing, 0), Text("en", "seen"))).status_code == 200
            shown = (await world.get("BBB", f"/v1/conflicts/{conflict['id']}")).json()
            assert shown["accepted_by"] == accepted_by
        assert shown["state"] == "accepted"

    run(tmp_path, steps)


def test_a_plan_in_an_area_asks_for_concurrence_and_shows_only_what_lies_in_it(tmp_path: Path) -> None:
    """The named party is asked, sees the part inside, objects, concurs; the owner sees who is missing."""
    area = Area("Border line", "line", square(42.0, -38.0, 0.05), 0, 9_000_000, ("BBB",))

    async def steps(world: World) -> None:
        operation, _ = await world.plan("AAA", world.box(radius_m=20_000))
        (mine,) = (await world.view("AAA"))["operations"]
        assert mine["missing"] == ["BBB"]
        refused = await world.say("AAA", SetState(operation, 1, OperationState.ACTIVATED))
        assert refused.json()["reason"] == "concurrence-missing"
        (asked,) = (await world.view("BBB"))["asked"]
        assert (asked["area"], asked["state"], asked["operation"]["party"]) == ("Border line", "asked", "AAA")
        assert asked["operation"]["label"] is None
        lons = [p[0] for p in asked["places"][0]["outline"]["coordinates"][0]]
        assert min(lons) > -38.06
        assert max(lons) < -37.94
        subject = PlanSubject("AAA", operation, 1)
        await world.say("BBB", Concur(subject))
        (mine,) = (await world.view("AAA"))["operations"]
        assert (mine["missing"], [g["party"] for g in mine["concurred"]]) == ([], ["BBB"])
        assert (await world.view("CCC"))["asked"] == []
        await world.say("BBB", Withdraw(subject))
        assert (await world.view("BBB"))["asked"][0]["state"] == "asked"
        await world.say("BBB", Concur(subject))
        await world.say("BBB", Object(subject, 0), Text("en", "not at night"))
        assert (await world.view("BBB"))["asked"][0]["state"] == "objected"
        assert (await world.view("AAA"))["operations"][0]["objected"] == ["BBB"]

    run(tmp_path, steps, rules=charter(areas=(area,)))


def test_constraints_are_open_and_protected_places_are_never_listed_to_others(tmp_path: Path) -> None:
    """A closure is everybody's to see; a hospital shows to others only as a cell of a conflict."""

    async def steps(world: World) -> None:
        closure, hospital = world.draw(16), world.draw(16)
        volumes = Volumes((world.box(lat=44.0),))
        await world.say("AAA", Constrain(closure, 0, ConstraintKind.CLOSURE, 0, 1), volumes, About("Closure 4"))
        place = Volumes((world.box(lat=42.00123, lon=-38.00456, radius_m=300),))
        dates = (START_US - 30 * 24 * HOUR, START_US + 24 * HOUR)
        command = Protect(hospital, 0, PlaceKind.HOSPITAL, 0, "Red Crescent", *dates, 1)
        await world.say("AAA", command, place, About("Hospital Pelit"))
        view = await world.view("BBB")
        assert [(c["label"], c["kind"], c["mine"]) for c in view["constraints"]] == [("Closure 4", "closure", False)]
        assert view["protected"] == []
        (own,) = (await world.view("AAA"))["protected"]
        assert (own["label"], own["verifier"], own["review_overdue"]) == ("Hospital Pelit", "Red Crescent", False)
        _, answer = await world.plan("BBB", world.box())
        (met,) = answer.json()["conflicts"]
        assert met["other"]["what"] == "protected"
        (cell,) = met["places"]
        assert cell["shows"] == "cell"
        assert cell["at"] == [-38.025, 42.025]

    run(tmp_path, steps)


def test_the_theatre_says_who_is_in_it_and_tells_each_only_of_itself(tmp_path: Path) -> None:
    """Charter in metres and degrees; the notice chain of oneself alone; the head can be signed for."""

    async def steps(world: World) -> None:
        await world.plan("AAA", world.box())
        await world.plan("BBB", world.box())
        theatre = (await world.get("AAA", "/v1/theatre")).json()
        assert theatre["charter"]["bounds"] == [30.0, 50.0, -45.0, -30.0]
        minimum = theatre["charter"]["minima"][0]
        assert minimum == {"classes": ["crewed_air", "crewed_air"], "horizontal_m": 5556.0, "vertical_m": 914.4}
        told = {p["party"]: p["told"] for p in theatre["parties"]}
        assert told["BBB"] is None
        assert told["AAA"]["number"] == 1
        assert theatre["local"] == {"zone": "UTC+00:00", "offset_s": 0}
        signed = await world.say("AAA", SignHead(1, unb64(told["AAA"]["head"])))
        assert signed.status_code == 200
        parties = (await world.get("AAA", "/v1/theatre")).json()["parties"]
        assert next(p["told"] for p in parties if p["mine"])["signed"] == 1

    run(tmp_path, steps)


def test_notices_are_a_numbered_chain_that_its_reader_can_check(tmp_path: Path) -> None:
    """Pages follow one another; each content hashes to its head and names the head before."""

    async def steps(world: World) -> None:
        for i in range(7):
            await world.plan("AAA", world.box(lat=40 + i / 2))
            await world.plan("BBB", world.box(lat=40 + i / 2))
        rows: list[dict[str, Any]] = []
        after: int | None = 0
        while after is not None:
            page = (await world.get("AAA", "/v1/notices", after=after, limit=3)).json()
            rows += page["notices"]
            after = page["next"]
        assert [row["number"] for row in rows] == list(range(1, len(rows) + 1))
        assert len(rows) == (await world.get("AAA", "/v1/theatre")).json()["parties"][0]["told"]["number"]
        before = NO_HEAD
        for row in rows:
            notice = read_notice(unb64(row["content"]))
            assert not isinstance(notice, Refusal)
            assert (notice.party, notice.number, notice.previous_head) == ("AAA", row["number"], before)
            before = unb64(row["head"])
        assert {row["kind"] for row in rows} == {"conflict-opened"}
        assert rows[0]["body"]["items"][0]["other"]["party"] == "BBB"

    run(tmp_path, steps)


def test_proofs_lead_from_a_receipt_to_the_signed_head(tmp_path: Path) -> None:
    """The receipt is the node's; its leaf stands in the ledger; the ledger extends what it was."""

    async def steps(world: World) -> None:
        about = (await world.client.get("/v1/about")).json()
        first = (await world.get("AAA", "/v1/checkpoint")).json()
        _, answer = await world.plan("AAA", world.box())
        receipt = answer.json()["receipt"]
        hashes = (unb64(receipt["leaf_hash"]), unb64(receipt["command_digest"]))
        values = (receipt["context"], unb64(receipt["genesis"]), receipt["sequence"], receipt["time_us"], *hashes)
        assert signature_holds(public_key(NODE_SEED), encode(values), unb64(receipt["signature"]))
        second = (await world.get("AAA", "/v1/checkpoint")).json()
        node = Verifier(about["origin"], unb64(about["node_key"]))
        verified = verify_note(second["note"].encode(), (node,))
        assert not isinstance(verified, Refusal)
        assert (verified.checkpoint.size, verified.checkpoint.root) == (second["size"], unb64(second["root"]))
        place = (await world.get("AAA", "/v1/proofs/inclusion", sequence=receipt["sequence"])).json()
        path = [unb64(step) for step in place["proof"]]
        leaf = unb64(receipt["leaf_hash"])
        assert verify_inclusion(place["sequence"], place["size"], leaf, path, verified.checkpoint.root)
        grown = (await world.get("AAA", "/v1/proofs/consistency", first=first["size"], second=second["size"])).json()
        steps = [unb64(step) for step in grown["proof"]]
        roots = (unb64(first["root"]), unb64(second["root"]))
        assert verify_consistency(first["size"], second["size"], *roots, steps)

    run(tmp_path, steps)


def test_an_export_holds_what_the_party_was_given_and_verifies(tmp_path: Path) -> None:
    """Own commands, own notices, the texts they name; not a byte of what the peer keeps to itself."""

    async def steps(world: World) -> None:
        secret = "SECRET-LABEL-OF-BBB"
        await world.plan("AAA", world.box(), label="MY-OWN-LABEL")
        await world.plan("BBB", world.box(), label=secret, shared="relief flight")
        await world.plan("CCC", world.box(lat=46), label="OPEN-LABEL", disclosure=Disclosure.OPEN)
        answer = await world.get("AAA", "/v1/export")
        assert answer.headers["content-type"] == "application/vnd.wideberth.export"
        for word, there in ((secret, False), ("MY-OWN-LABEL", True), ("relief flight", True), ("OPEN-LABEL", True)):
            assert (word.encode() in answer.content) is there, word
        export = read_export(io.BytesIO(answer.content))
        assert not isinstance(export, Refusal)
        node = Verifier(world.node.origin, public_key(NODE_SEED))
        note = verify_note(export.note, (node,))
        assert not isinstance(note, Refusal)
        report = verify_given(export.items(), note.checkpoint, "AAA")
        assert report.ok, report.faults
        assert report.notices["AAA"].number == 1

    run(tmp_path, steps)


def test_a_dry_run_meets_own_and_open_plans_only_and_spends_nothing(tmp_path: Path) -> None:
    """Hidden plans do not show, open ones do; the budget stays; the answer says what was checked."""

    async def steps(world: World) -> None:
        await world.plan("AAA", world.box())
        await world.plan("CCC", world.box(), disclosure=Disclosure.OPEN, label="OPEN-1")
        feature = {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [-38.0, 42.0]},
            "properties": {
                "datum": "WGS84",
                "form": "decimal",
                "radius_m": 1000,
                "lower": {"value": 1000, "unit": "M", "reference": "W84"},
                "upper": {"value": 1200, "unit": "M", "reference": "W84"},
                "start": "2026-11-18T13:06:40Z",
                "end": "2026-11-18T14:06:40Z",
                "operation": "try",
            },
        }
        before = (await world.view("BBB"))["budget"]
        answer = await world.client.post("/v1/check", json=feature, headers=await world.headers("BBB"))
        assert answer.status_code == 200, answer.text
        (plan,) = answer.json()["operations"]
        assert [m["other"]["label"] for m in plan["met"]] == ["OPEN-1"]
        assert "hidden plans" in plan["statement"]
        view = await world.view("BBB")
        assert view["budget"] == before
        assert view["conflicts"] == []

    run(tmp_path, steps)


def test_plans_are_read_beside_the_node_one_check_of_a_party_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a document is read the node answers others; the party's second check waits for no turn and is refused."""
    begun, go_on = threading.Event(), threading.Event()

    def slow(*_given: Any, **_more: Any) -> Refusal:
        begun.set()
        assert go_on.wait(20)
        return refuse(Reason.MALFORMED, "plans", "plans")

    monkeypatch.setattr(check, "read_plans", slow)

    async def steps(world: World) -> None:
        headers = await world.headers("AAA")
        first = asyncio.create_task(world.client.post("/v1/check", json={}, headers=headers))
        assert await asyncio.to_thread(begun.wait, 20)
        assert (await world.get("BBB", "/v1/view")).status_code == 200
        second = await world.client.post("/v1/check", json={}, headers=headers)
        assert (second.status_code, second.json()["field"]) == (429, "checks")
        go_on.set()
        assert (await first).status_code == 400
        third = await world.client.post("/v1/check", json={}, headers=headers)
        assert third.status_code == 400, "the first is over"

    run(tmp_path, steps)


def test_a_place_is_spoken_in_four_forms(tmp_path: Path) -> None:
    """What stands under the pointer, as people read it aloud."""

    async def steps(world: World) -> None:
        spoken = (await world.get("AAA", "/v1/positions/show", lat="42.5", lon="-38.25")).json()
        assert spoken["dm"] == "42°30.0000'N 038°15.0000'W"
        assert spoken["gars"] == "284MB47"
        assert spoken["mgrs"].startswith("24T")

    run(tmp_path, steps)


def test_reading_by_id_gives_the_same_as_the_view(tmp_path: Path) -> None:
    """One thing alone reads as it does among the others, with the position it rests on."""

    async def steps(world: World) -> None:
        await world.plan("AAA", world.box())
        await world.plan("BBB", world.box(), disclosure=Disclosure.OPEN)
        view = await world.view("AAA")
        for kind in ("operations", "conflicts"):
            for thing in view[kind]:
                alone = (await world.get("AAA", f"/v1/{kind}/{thing['id']}")).json()
                assert alone.pop("as_of") == view["as_of"]
                assert alone == thing
        assert len(view["operations"]) == 2

    run(tmp_path, steps)


def test_a_plan_waits_to_be_confirmed_and_lapses(tmp_path: Path) -> None:
    """Deadlines come by themselves: a plan that nobody confirms ends, and its owner is told."""

    async def steps(world: World) -> None:
        operation, _ = await world.plan("AAA", world.box(start_h=40))
        (mine,) = (await world.view("AAA"))["operations"]
        assert mine["confirm_by"] is not None
        await world.pass_time(90 * MINUTE)
        await world.say("AAA", Confirm(operation, 1))
        await world.pass_time(90 * MINUTE)
        assert (await world.view("AAA"))["operations"][0]["state"] == "Accepted"
        await world.pass_time(90 * MINUTE)
        assert (await world.view("AAA"))["operations"][0]["state"] == "Ended"
        rows = (await world.get("AAA", "/v1/notices")).json()["notices"]
        assert [row["kind"] for row in rows] == ["due-lapsed"]

    run(tmp_path, steps, rules=charter(confirm_us=2 * HOUR))


def uuid_bytes(text: str) -> bytes:
    """The 16 bytes of a UUID."""
    return bytes.fromhex(text.replace("-", ""))
