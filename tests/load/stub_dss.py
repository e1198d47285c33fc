"""A small server of operational intent references, for the load to be tried on: honest about keys, bad on demand.

With `crowded` every intent is relevant to every other. `script` is asked before each request, with its number, method
and path: it may answer in the server's place (status and headers), hang (None as status), or drop the line (0).
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from wideberth.load import Address

Scripted = tuple[int | None, dict[str, str]] | None
PREFIX = "/dss/v1/operational_intent_references/"


@dataclass
class Stub:
    """What the server holds and was asked."""

    crowded: bool = False
    script: Callable[[int, str, str], Scripted] = lambda number, method, path: None
    delay_s: float = 0.0
    """The shortest time that an answer takes; others take twice and three times as long."""
    intents: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    foreign: dict[str, Any] | None = None
    """An intent of the server's own that everyone must know of."""
    versions: int = 0
    gone: int = 0
    """Lines that the other end closed."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    talks: list[asyncio.Task[None]] = field(default_factory=list)
    address: Address = field(default_factory=lambda: Address("127.0.0.1", 0, "", None))

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Address]:
        """On a free port of loopback."""
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.address = Address("127.0.0.1", server.sockets[0].getsockname()[1], "", None)
        async with server:
            yield self.address
            self.over.set()
            await asyncio.gather(*self.talks)
            await asyncio.sleep(0.01)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.talks.append(task)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode().split("\r\n")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
                method, path, _ = first.split(" ")
                data = await reader.readexactly(int(headers.get("content-length", "0")))
                if not await self._answer(writer, method, path, json.loads(data or b"{}"), headers["authorization"]):
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            self.gone += 1
        finally:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, method: str, path: str, body: Any, who: str) -> bool:
        self.asked.append((method, path, body))
        await asyncio.sleep(self.delay_s * (1 + len(self.asked) % 3))
        scripted = self.script(len(self.asked), method, path)
        headers: dict[str, str] = {}
        if scripted is not None:
            status, headers = scripted
            if status is None:
                await self.over.wait()
            if not status:
                return False
            answer: Any = {"message": "as scripted"}
        else:
            status, answer = self._do(method, path, body, who.removeprefix("Bearer "))
        text = json.dumps(answer).encode()
        more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 {status} X\r\n{more}content-length: {len(text)}\r\n\r\n".encode() + text)
        await writer.drain()
        return True

    def _do(self, method: str, path: str, body: Any, who: str) -> tuple[int, Any]:
        if "/uss/v1/operational_intents/" in path and self.foreign is not None:
            return 200, {"operational_intent": {"reference": self.foreign, "details": {}}}
        if path.startswith("/dss/v1/subscriptions/"):
            return 200, {"subscription": {"id": path.split("/")[4], "version": "sub-version"}}
        if not path.startswith(PREFIX):
            return 404, {"message": "no such thing"}
        id, _, ovn = path.removeprefix(PREFIX).partition("/")
        here = self.intents.get(id)
        if method == "GET":
            return (200, {"operational_intent_reference": here}) if here else (404, {"message": "not here"})
        if (here["ovn"] if here else "") != ovn:
            return 409, {"message": "another ovn"}
        if method == "DELETE":
            return 200, {"operational_intent_reference": self.intents.pop(id), "subscribers": []}
        return self._put(id, body, who)

    def _put(self, id: str, body: Any, who: str) -> tuple[int, Any]:
        others = [r for other, r in self.intents.items() if other != id and self.crowded]
        relevant = others + ([self.foreign] if self.foreign is not None else [])
        missing = [{**r, "ovn": None} for r in relevant if r["ovn"] not in body.get("key", [])]
        if missing:
            return 409, {"message": "key", "missing_operational_intents": missing}
        self.versions += 1
        suffix = body.get("requested_ovn_suffix")
        reference = {
            "id": id,
            "manager": who,
            "ovn": f"{id}_{suffix}" if suffix else f"ovn-of-version-{self.versions:06}",
            "uss_base_url": body["uss_base_url"],
            "subscription_id": body.get("subscription_id") or "00000000-0000-4000-8000-0000000000aa",
        }
        created = id not in self.intents
        self.intents[id] = reference
        return 201 if created else 200, {"operational_intent_reference": reference, "subscribers": []}
