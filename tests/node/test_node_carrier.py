"""A node that carries what it owes on its parties' routes, over the wire: to webhooks, into its ledger, to its API."""

import asyncio
import base64
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from api_kit import World, found_in, opened, until
from worlds import NODE_SEED

sys.path.insert(0, str(Path(__file__).parents[1] / "delivery"))
from delivery_kit import Answer, Heard, Uss, http

from wideberth.client.webhook import Receiver, Taken
from wideberth.ledger.entry import Entry
from wideberth.node.carrier import Carrier
from wideberth.party.alerts import AcknowledgeAlert, AlertKind, Side, Stage, Warned, Warning_
from wideberth.party.command import Text
from wideberth.party.hotline import (
    Acknowledge,
    CheckLine,
    Delivered,
    MessageKind,
    MessageSubject,
    Precedence,
    Send,
    SetPaths,
    Stop,
)
from wideberth.party.hotline import Path as Way
from wideberth.party.identity import public_key
from wideberth.party.paths import Mail, Paths, Route, Webhook
from wideberth.sequencer import envelope_of

KEY = public_key(NODE_SEED)
CONFIG = {"http_uss": True, "private_uss": True, "public_url": "https://node.test"}
MAIL_DOWN = {"mail_host": "127.0.0.1", "mail_port": 9, "mail_tls": "none", "mail_from": "node@node.test"}


class Desk:
    """A webhook that verifies what comes; `down` makes it hang up."""

    def __init__(self, world: World | None = None) -> None:
        self.items: list[Any] = []
        self.again = 0
        self.down = False
        self.receiver: Receiver | None = None
        self.uss = Uss(self._answer)
        self.world = world

    @property
    def url(self) -> str:
        """Its address."""
        return f"{self.uss.url}/hook"

    def _now(self) -> float:
        assert self.world is not None
        return self.world.hands.wall_us / 1e6

    async def _answer(self, heard: Heard, _: asyncio.StreamWriter) -> bytes:
        if self.down:
            raise ConnectionResetError
        receiver = self.receiver or Receiver(
            self.url, KEY, lambda: self.world.hands.wall_us / 1e6 if self.world else 0.0
        )
        self.receiver = receiver
        if heard.method == "GET":
            return http(200, receiver.challenge(heard.target) or b"")
        taken = receiver.take(heard.method, heard.headers, heard.body)
        assert isinstance(taken, Taken), taken
        self.again += taken.again
        if not taken.again:
            self.items.append(taken.item)
        return http(204)


@asynccontextmanager
async def carrying(folder: Path, found: bool = True, **config: Any) -> AsyncIterator[tuple[World, Carrier]]:
    """A node that carries."""
    if found:
        found_in(folder)
    async with opened(folder, **{**CONFIG, **config}) as world:
        carrier = world.node.carrier = Carrier(world.node)
        world.node.on_entry = carrier.entry
        await carrier.start()
        try:
            yield world, carrier
        finally:
            world.node.on_entry = world.node.carrier = None
            await carrier.close()


async def paths(world: World, party: str, *routes: Route) -> None:
    """Say where a party is reached."""
    answer = await world.say(party, SetPaths("", 0), Paths(routes))
    assert answer.status_code == 200, answer.text


async def send(world: World, to: str = "BBB", precedence: Precedence = Precedence.FLASH) -> bytes:
    """A notice of AAA."""
    message = world.draw(16)
    command = Send(message, 0, MessageKind.NOTICE, precedence, (to,), "", 0)
    answer = await world.say("AAA", command, Text("en", "come up on the line"))
    assert answer.status_code == 200, answer.text
    return message


def delivered(world: World) -> list[Any]:
    """What the ledger tells of deliveries."""
    entries: list[Entry] = list(world.node.ledger.read(0, world.node.state.size))
    commands = [envelope_of(entry).command for entry in entries]
    return [row for command in commands if isinstance(command, Delivered) for row in command.rows]


async def go_on(world: World, holds: Any, us: int = 2_000_000, tries: int = 200) -> None:
    """Let time pass until something holds."""
    for _ in range(tries):
        if holds():
            return
        world.hands.move(us)
        world.node._work.set()
        await asyncio.sleep(0.02)
    raise AssertionError("it never came to hold")


def test_a_flash_reaches_a_webhook_and_is_on_record(tmp_path: Path) -> None:
    """The least of it, signed; the ledger and the sender learn that it was handed over, and that is not received."""

    async def go() -> None:
        desk = Desk()
        async with desk.uss, carrying(tmp_path / "t") as (world, _):
            desk.world = world
            await paths(world, "BBB", Route(Way.FIRST, Webhook(desk.url), "fa"))
            message = await send(world)
            await until(lambda: desk.items)
            item = desk.items[0]
            assert (item.what, item.urgency, item.language, item.path) == ("message", "flash", "fa", "first")
            assert item.fetch == "https://node.test/v1/messages"
            raw = desk.uss.posts[0].body
            for hidden in (b"AAA", str(UUID(bytes=message)).encode(), b"come up"):
                assert hidden not in raw, "the least says neither who nor what"
            await until(lambda: delivered(world))
            row = delivered(world)[0]
            assert (row.sender, row.party, row.route, row.outcome) == ("AAA", "BBB", "webhook", "handed")
            view = (await world.get("AAA", f"/v1/messages/AAA/{UUID(bytes=message)}")).json()
            assert view["receivers"] == [{"party": "BBB", "reach": "sent", "rung": 0, "handed": ["webhook"]}]
            assert view["effective"] is None
            notices = (await world.get("BBB", "/v1/notices")).json()["notices"]
            assert notices[-1]["body"]["items"][0]["what"] == "handed"
            metrics = world.node.metrics.registry
            labels = {"kind": "webhook", "outcome": "handed"}
            assert metrics.get_sample_value("wideberth_route_deliveries_total", labels) == 1.0

    asyncio.run(go())


def test_the_whole_goes_only_where_party_and_operator_want_it(tmp_path: Path) -> None:
    """Either alone is not enough."""

    async def go(folder: Path, operator: bool, party: bool) -> bool:
        desk = Desk()
        async with desk.uss, carrying(folder, whole_notices=operator) as (world, _):
            desk.world = world
            await paths(world, "BBB", Route(Way.FIRST, Webhook(desk.url), "en", party))
            await send(world)
            await until(lambda: desk.items)
            whole = desk.items[0].message
            return whole is not None and whole["text"] == "come up on the line"

    for operator in (True, False):
        for party in (True, False):
            folder = tmp_path / f"{operator}{party}"
            assert asyncio.run(go(folder, operator, party)) is (operator and party)


def test_silence_brings_the_second_path_and_an_answer_ends_it(tmp_path: Path) -> None:
    """At rung 1 the second path hears as well; once somebody acknowledged, neither hears more."""

    async def go() -> None:
        first, second = Desk(), Desk()
        async with first.uss, second.uss, carrying(tmp_path / "t") as (world, carrier):
            first.world = second.world = world
            routes = [Route(Way.FIRST, Webhook(first.url), "en"), Route(Way.SECOND, Webhook(second.url), "en")]
            await paths(world, "BBB", *routes)
            message = await send(world)
            await until(lambda: first.items)
            assert not second.items
            await go_on(world, lambda: second.items)
            assert second.items[0].what == "reminder"
            subject = MessageSubject("AAA", message, 1)
            assert (await world.say("BBB", Acknowledge(subject, ""))).status_code == 200
            await until(lambda: carrier.courier.waiting == 0)
            said = (len(first.items), len(second.items))
            for _ in range(10):
                await go_on(world, lambda: True)
                world.hands.move(60_000_000)
                world.node._work.set()
                await asyncio.sleep(0.02)
            assert (len(first.items), len(second.items)) == said

    asyncio.run(go())


def test_a_stop_goes_on_both_paths_and_overtakes(tmp_path: Path) -> None:
    """A desk that hangs on a routine message gets the STOP at once."""

    async def go() -> None:
        first, second = Desk(), Desk()
        hang = asyncio.Event()

        def slow(then: Answer) -> Answer:
            async def answer(heard: Heard, writer: asyncio.StreamWriter) -> bytes | None:
                if b'"routine"' in heard.body:
                    await hang.wait()
                return await then(heard, writer)

            return answer

        first.uss.answer = slow(first._answer)
        async with first.uss, second.uss, carrying(tmp_path / "t") as (world, _):
            first.world = second.world = world
            routes = [Route(Way.FIRST, Webhook(first.url), "en"), Route(Way.SECOND, Webhook(second.url), "en")]
            await paths(world, "BBB", *routes)
            await send(world, precedence=Precedence.ROUTINE)
            await until(lambda: first.uss.posts)
            assert (await world.say("AAA", Stop(world.draw(16), "stop"))).status_code == 200
            await until(lambda: first.items and second.items)
            assert first.items[0].urgency == second.items[0].urgency == "stop"
            hang.set()
            await until(lambda: len(first.items) == 2)

    asyncio.run(go())


def test_a_target_in_a_private_network_is_refused_and_said(tmp_path: Path) -> None:
    """Nothing is sent; its party hears of the failure, once, and the sender does not."""

    async def go() -> None:
        desk = Desk()
        async with desk.uss, carrying(tmp_path / "t", private_uss=False) as (world, carrier):
            await paths(world, "BBB", Route(Way.FIRST, Webhook(desk.url), "en"))
            await send(world)
            await send(world)
            await until(lambda: delivered(world))
            assert [row.outcome for row in delivered(world)] == ["failed"]
            assert desk.uss.heard == []
            standing = (await world.get("BBB", "/v1/paths")).json()["standing"]
            assert [(row["why"], row["waiting"], row["handed"]) for row in standing] == [("not-public", 2, None)]
            told = (await world.get("AAA", "/v1/notices")).json()["notices"]
            kinds = [item["kind"] for row in told for item in row["body"]["items"]]
            assert "handed" not in kinds
            assert carrier.courier.waiting == 2, "it is still owed"

    asyncio.run(go())


def test_a_node_that_starts_again_goes_on(tmp_path: Path) -> None:
    """What a desk that was down did not get arrives after the restart; what it got does not again."""

    async def go() -> None:
        desk, folder = Desk(), tmp_path / "t"
        async with desk.uss:
            async with carrying(folder) as (world, _):
                desk.world = world
                await paths(world, "BBB", Route(Way.FIRST, Webhook(desk.url), "en"))
                await send(world)
                await until(lambda: delivered(world))
                desk.down = True
                await send(world, precedence=Precedence.PRIORITY)
                await asyncio.sleep(0.1)
            desk.down = False
            hands = world.hands
            found = os.listdir(folder)
            assert "deliveries" in found
            async with opened(folder, hands=hands, **CONFIG) as world:
                desk.world = world
                carrier = world.node.carrier = Carrier(world.node)
                world.node.on_entry = carrier.entry
                await carrier.start()
                await until(lambda: len(desk.items) == 2)
                assert desk.again == 0
                assert [item.urgency for item in desk.items] == ["flash", "priority"]
                assert len([row for row in delivered(world) if row.outcome == "handed"]) == 1
                await carrier.close()

    asyncio.run(go())


def test_a_check_reaches_the_route_of_its_path(tmp_path: Path) -> None:
    """A line is checked on the path that it is about."""

    async def go() -> None:
        first, second = Desk(), Desk()
        async with first.uss, second.uss, carrying(tmp_path / "t") as (world, _):
            first.world = second.world = world
            routes = [Route(Way.FIRST, Webhook(first.url), "en"), Route(Way.SECOND, Webhook(second.url), "en")]
            await paths(world, "BBB", *routes)
            assert (await world.say("AAA", CheckLine(world.draw(16), "BBB", Way.SECOND))).status_code == 200
            await until(lambda: second.items)
            assert (second.items[0].what, first.items) == ("check", [])
            assert second.items[0].fetch == "https://node.test/v1/lines"

    asyncio.run(go())


def test_a_party_tests_its_routes_and_reads_its_own_alone(tmp_path: Path) -> None:
    """Each is tried once; another party sees nothing of them; tests are few; the node's key is there for all."""

    async def go() -> None:
        desk = Desk()
        async with desk.uss, carrying(tmp_path / "t") as (world, _):
            desk.world = world
            await paths(
                world, "BBB", Route(Way.FIRST, Webhook(desk.url), "en"), Route(Way.SECOND, Mail("d@x.example"), "de")
            )
            headers = await world.headers("BBB")
            answer = await world.client.post("/v1/paths/test", json={"cell": ""}, headers=headers)
            found = [(one["route"]["kind"], one["handed"], one["why"]) for one in answer.json()["tested"]]
            assert found == [("webhook", True, ""), ("mail", False, "this node has no mail server")]
            assert desk.items[0].what == "test"
            assert (await world.get("AAA", "/v1/paths")).json()["cells"] == []
            mine = (await world.get("BBB", "/v1/paths")).json()["cells"]
            assert [route["to"] for route in mine[0]["routes"]] == [desk.url, "d@x.example"]
            codes = [
                (await world.client.post("/v1/paths/test", json={"cell": ""}, headers=headers)).status_code
                for _ in range(7)
            ]
            assert 429 in codes
            none = await world.client.post("/v1/paths/test", json={"cell": ""}, headers=await world.headers("AAA"))
            assert none.status_code == 404
            keys = (await world.client.get("/.well-known/wideberth-keys")).json()["keys"]
            assert base64.urlsafe_b64decode(keys[0]["x"] + "=") == KEY
            assert not delivered(world)

    asyncio.run(go())


def test_an_alert_of_the_live_watch_goes_on_the_routes(tmp_path: Path) -> None:
    """Handed over once a stage, under one id however often it is tried and over a restart; it names no track; whoever
    takes it up ends it, that it passed goes where it had gone; a hook or mail server that is down holds the watch up no
    moment."""

    async def go() -> None:
        desk, alert = Desk(), bytes(range(16))
        async with desk.uss:
            async with carrying(tmp_path / "t", **MAIL_DOWN) as (world, _):
                desk.world, hands = world, world.hands
                mail = Route(Way.FIRST, Mail("duty@desk.example"), "en")
                await paths(world, "BBB", Route(Way.FIRST, Webhook(desk.url), "en"), mail)
                warn(world, alert, Stage.WARNED)
                await until(lambda: desk.items)
                item = desk.items[0]
                assert (item.what, item.urgency, item.fetch) == ("alert", "immediate", "https://node.test/v1/alerts")
                assert b"SWR12" not in desk.uss.posts[-1].body
                desk.down = True
                warn(world, alert, Stage.HAPPENED)
                await until(lambda: next(iter(world.node.state.alerts.values())).stage is Stage.HAPPENED)
                assert (await world.get("BBB", "/v1/alerts")).json()["alerts"][0]["stage"] == "happened"
            async with opened(tmp_path / "t", hands=hands, **CONFIG, **MAIL_DOWN) as world:
                desk.world, desk.down = world, False
                carrier = world.node.carrier = Carrier(world.node)
                world.node.on_entry = carrier.entry
                await carrier.start()
                await go_on(world, lambda: len(desk.items) == 2)
                assert desk.items[1].urgency == "flash"
                await until(lambda: carrier.courier.waiting == 1)  # the mail, whose server is down
                warn(world, alert, Stage.PASSED)
                await go_on(world, lambda: len(desk.items) == 3)
                assert (desk.items[2].what, desk.items[2].urgency) == ("passed", "routine")
                await until(lambda: carrier.courier.waiting == 0)
                desk.down = True
                warn(world, bytes(16), Stage.WARNED)
                await until(lambda: carrier.courier.waiting)
                assert (await world.say("BBB", AcknowledgeAlert(bytes(16)))).status_code == 200
                await until(lambda: carrier.courier.waiting == 0)
                warn(world, bytes(16), Stage.PASSED)
                await until(lambda: world.node.state.alerts[bytes(16)].stage is Stage.PASSED)
                assert carrier.courier.waiting == 0, "nobody had been told of it"
                assert delivered(world) == [], "the warning itself is the ledger's"
                world.node.on_entry = world.node.carrier = None
                await carrier.close()
        assert len({item.id for item in desk.items}) == len(desk.items) == 3

    asyncio.run(go())


def warn(world: World, alert: bytes, stage: Stage) -> None:
    """The live watch warns BBB."""
    sides, at_us = (Side("BBB", b"", "SWR12"),), world.hands.wall_us
    row = Warning_(alert, AlertKind.PAIR, stage, sides, at_us, at_us + 40_000_000, 900_000, 60_000)
    world.node.say_warned(Warned((row,)))
