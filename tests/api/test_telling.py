"""What the node tells suppliers by itself, over the wire: details of open plans, overlaps of hidden ones."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from api_kit import World, served, until
from worlds import ISSUER, charter

from wideberth.api.telling import Teller
from wideberth.party.command import Disclosure, OperationState, SetState
from wideberth.party.standard import Implicit, Intent, Kind, PutReference, Supplier
from wideberth.tokens.issuer import Issuer, new_private_pem


class Line:
    """An issuer and a supplier at one address: gives tokens, says yes when asked, keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.url = ""

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Line"]:
        """Listen on loopback."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server:
            yield self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        sizes = [line for line in head.lower().split("\r\n") if line.startswith("content-length:")]
        body = await reader.readexactly(int(sizes[0].partition(":")[2])) if sizes else b""
        method, target = head.split(" ")[:2]
        answer = b""
        if target.startswith("/token"):
            answer = b'{"access_token": "a.b.c", "expires_in": 600}'
        elif "wideberth-challenge" in target:
            answer = target.partition("nonce=")[2].encode()
        elif method == "POST":
            assert "authorization: bearer a.b.c" in head.lower()
            self.told.append((target, json.loads(body)))
        said = b"200 OK" if answer else b"204 No Content"
        length = b"content-length: %d\r\n" % len(answer) if answer else b""
        writer.write(b"HTTP/1.1 " + said + b"\r\n" + length + b"connection: close\r\n\r\n" + answer)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def telling(folder: Path) -> AsyncIterator[tuple[World, Line]]:
    """A node that tells, and who listens."""
    (folder / "issuer.pub").write_bytes(Issuer(new_private_pem(), ISSUER).public_pem)
    async with Line().open() as line:
        config = {
            "token_issuer": ISSUER,
            "token_keys": (folder / "issuer.pub",),
            "token_audiences": ("node",),
            "public_url": "https://node.test",
            "outbound_token_url": f"{line.url}/token",
            "outbound_client_id": "node",
            "http_uss": True,
            "private_uss": True,
        }
        async with served(folder / "t", config=config, rules=charter()) as world:
            teller = Teller(world.node)
            world.node.on_entry = teller.entry
            running = asyncio.create_task(teller.outbound.run())
            yield world, line
            await teller.outbound.close()
            await running


async def intent(world: World, url: str, **more: Any) -> bytes:
    """An intent of uss1 with a subscription of its own."""
    entity = world.draw(16)
    command = PutReference(Kind.INTENT, entity, "", url, 0, Intent("Accepted", implicit=Implicit(url, False)))
    answer = await world.node.vouch(Supplier(ISSUER, "uss1"), world.draw(32), command, (world.box(**more),))
    assert answer.accepted is not None, answer.refusal
    return entity


def test_a_supplier_is_told_of_the_plan_that_its_intent_meets(tmp_path: Path) -> None:
    """An overlap comes, with this node's address, and goes when the plan has ended; nothing names the plan."""

    async def go() -> None:
        async with telling(tmp_path) as (world, line):
            entity = await intent(world, f"{line.url}/utm")
            operation, answer = await world.plan("AAA", world.box(lat=42.01), crewed=False)
            assert answer.json()["conflicts"]
            await until(lambda: len(line.told) == 1)
            path, first = line.told[0]
            assert path == "/utm/uss/v1/operational_intents"
            whole = first["operational_intent"]
            assert whole["reference"]["uss_base_url"] == "https://node.test"
            assert whole["reference"]["ovn"]
            assert whole["details"]["volumes"]
            assert first["operational_intent_id"] not in (str(UUID(bytes=operation)), str(UUID(bytes=entity)))
            assert len(first["subscriptions"]) == 1
            await world.say("AAA", SetState(operation, 1, OperationState.ENDED))
            await until(lambda: len(line.told) == 2)
            last = line.told[1][1]
            assert last["operational_intent_id"] == first["operational_intent_id"]
            assert "operational_intent" not in last

    asyncio.run(go())


def test_subscribers_are_told_of_open_plans_and_of_no_hidden_one(tmp_path: Path) -> None:
    """With where they are; a hidden plan near to nobody's intent is told to nobody."""

    async def go() -> None:
        async with telling(tmp_path) as (world, line):
            await intent(world, line.url)
            near = {"lat": 42.021, "radius_m": 100}
            await world.plan("BBB", world.box(lat=42.3), crewed=False)
            await world.plan("AAA", world.box(**near), crewed=False, disclosure=Disclosure.OPEN)
            await until(lambda: len(line.told) >= 1)
            told = [body["operational_intent"]["reference"]["manager"] for _, body in line.told]
            assert set(told) == {"node"}

    asyncio.run(go())
