"""A node of cardboard for the page's tests: the page under its content policy, and a small world behind it.

It serves the folder of the page, opens sessions by checking the signed challenge, opens every command with the
house's own envelope reader, and shows just enough of its effect. To look at it: python tests/web/page_stub.py
"""

import asyncio
import base64
import hashlib
import json
import secrets
import socket
import threading
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import page_hotline as ph
import page_live as pl
import page_world as pw
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

import wideberth
from wideberth.party.alerts import SetAircraft
from wideberth.party.command import AcceptRisk, Concur, ProposalSubject, Propose, Withdraw
from wideberth.party.envelope import Attachment, check_signatures, decode_part, open_envelope, open_parts
from wideberth.party.identity import public_key, signature_holds
from wideberth.refusal import Refusal

WEB = Path(wideberth.__file__).parent / "web"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "font-src 'self'; worker-src 'self' blob:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
SEED = hashlib.sha256(b"the page's tests").digest()
GENESIS = hashlib.sha256(b"genesis of the page's tests").digest()


def to64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def from64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Stub:
    """The state of one test: its world, the clock that all tests share, what was said, and whether it ticks."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.reset("mock")

    def reset(self, scene: str) -> None:
        self.silent = False
        self.refuse: str | None = None
        self.position = 48_213
        self.version = 1
        self.commands: list[dict[str, Any]] = []
        self.parts: list[object] = []
        self.view = pw.view(self.now())
        self.hotline = ph.quiet()
        self.live = pl.none()
        self.asked_watch = 0
        self.stands = False
        """Whether its live watch sweeps no more."""
        self.events: list[str] = []
        """Events of the stream that go out with the next tick."""
        getattr(self, f"scene_{scene}")()

    def scene_mock(self) -> None:
        self.view["protected"] = [pw.own_hospital()]

    def scene_empty(self) -> None:
        for key in ("conflicts", "operations", "constraints"):
            self.view[key] = []

    def scene_hotline(self) -> None:
        self.scene_mock()
        self.hotline = ph.busy()

    def scene_live(self) -> None:
        self.scene_mock()
        self.live = pl.watching()

    def scene_busy(self) -> None:
        self.scene_mock()
        more = pw.operation("HAS-0420", "Accepted", "relief", [self.view["operations"][0]["volumes"][0]])
        self.view["operations"] += [more, *pw.others(120)]
        self.view["conflicts"].append(pw.second_conflict())
        asked = {"party": "MAF", "id": pw.name_id("MAF-77"), "version": 2, "label": "MAF-0077"}
        place = pw.volume(pw.polygon(pw.LINE), 0, 3000, pw.at("07:10:00"), pw.at("07:40:00"))
        self.view["asked"] = [
            {"operation": asked, "area": "Agreed line", "places": [place], "start": pw.at("07:10:00"),
             "state": "asked", "time": pw.at("06:11:00")}
        ]  # fmt: skip

    def now(self) -> str:
        moment = pw.BASE + timedelta(seconds=time.monotonic() - self.started)
        return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")

    def seconds(self) -> float:
        """Its clock as seconds since 1970, for a browser that shall agree with it."""
        return pw.BASE.timestamp() + time.monotonic() - self.started

    def as_of(self) -> dict[str, Any]:
        return {"position": self.position, "time": self.now(), "root": "q" * 43}

    def conflict(self, raw: bytes) -> dict[str, Any]:
        wanted = next(c for c in self.view["conflicts"] if c["id"].replace("-", "") == raw.hex())
        assert isinstance(wanted, dict)
        return wanted

    def apply(self, command: object, words: list[str]) -> None:
        """The effect of a command, as far as the page must show it."""
        match command:
            case Propose(conflict, proposal, change):
                given = {"kind": "procedure", "text": words[0]} if words else {
                    "kind": "shift", "whose": change.whose, "start_s": change.start_us / 1e6,
                    "altitude_m": change.altitude_mm / 1e3}  # fmt: skip
                self.conflict(conflict)["proposals"].append(
                    {"id": str(pw.uuid.UUID(bytes=proposal)), "by": "HAS", "mine": True, "change": given,
                     "state": "open", "time": self.now(), "note": None})  # fmt: skip
            case Concur(ProposalSubject(conflict, proposal)):
                found = self.conflict(conflict)
                found["state"] = "settled"
                next(p for p in found["proposals"] if p["id"].replace("-", "") == proposal.hex())["state"] = "concurred"
            case Withdraw(ProposalSubject(conflict, proposal)):
                found = self.conflict(conflict)
                next(p for p in found["proposals"] if p["id"].replace("-", "") == proposal.hex())["state"] = "withdrawn"
            case AcceptRisk(conflict):
                self.conflict(conflict)["accepted_by"].append("HAS")
            case Concur():
                self.view["asked"] = []
            case SetAircraft(operation, part):
                named = self.parts[-1] if part is not None else None
                pl.fly(self.view["operations"], operation, named)
            case _:
                pl.apply(self.live, command)
                ph.apply(self.hotline, command, self.now())


class Policy:
    """Puts the content policy and a few plain headers on every answer."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] += [(b"content-security-policy", CSP.encode()), (b"cache-control", b"no-store")]
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)


def problem(reason: str, status: int, detail: str = "") -> JSONResponse:
    body = {"type": f"https://wideberth.invalid/reason/{reason}", "title": reason, "status": status, "detail": detail}
    return JSONResponse(body | {"reason": reason}, status, media_type="application/problem+json")


def make_app(stub: Stub) -> Any:
    challenges: dict[str, bytes] = {}
    sessions: set[str] = set()

    def allowed(request: Request) -> bool:
        return request.headers.get("authorization", "").removeprefix("Bearer ") in sessions

    async def about(request: Request) -> Response:
        return JSONResponse({
            "theatre": "sarvel", "name": "Sarvel valley", "epoch": 1, "origin": "wideberth/sarvel/1", "exercise": True,
            "genesis": to64(GENESIS), "node_key": to64(bytes(32)), "version": "0.1.0", "decide_version": 1,
            "not_certified": "Not certified for operational use."})  # fmt: skip

    async def challenge(request: Request) -> Response:
        party = (await request.json())["party"]
        challenges[party] = secrets.token_bytes(32)
        return JSONResponse({"challenge": to64(challenges[party]), "expires": stub.now()})

    async def session(request: Request) -> Response:
        body = await request.json()
        words = f"wideberth/session/1\nwideberth/sarvel/1\n{body['party']}\n".encode() + challenges[body["party"]]
        if from64(body["key"]) != public_key(SEED):
            return problem("unknown-key", 401, "This key is not known here.")
        if not signature_holds(from64(body["key"]), words, from64(body["signature"])):
            return problem("bad-signature", 401)
        token = secrets.token_urlsafe(16)
        sessions.add(token)
        return JSONResponse({"session": token, "expires": stub.now(), "party": "HAS"})

    async def theatre(request: Request) -> Response:
        if not allowed(request):
            return problem("no-session", 401)
        ago = {"TAF": 12, "MAF": 31, "CAA": 4, "OHM": 55, "KSD": 398}
        heard = {p: (pw.BASE - timedelta(seconds=s)).isoformat().replace("+00:00", "Z") for p, s in ago.items()}
        return JSONResponse(pw.theatre(stub.now(), heard))

    async def view(request: Request) -> Response:
        if not allowed(request):
            return problem("no-session", 401)
        return JSONResponse(stub.view | {"as_of": stub.as_of(), "open_version": stub.version})

    async def messages(request: Request) -> Response:
        return JSONResponse({"as_of": stub.as_of(), "messages": stub.hotline["messages"], "next": None})

    async def message(request: Request) -> Response:
        found = next(m for m in stub.hotline["messages"] if m["id"] == request.path_params["id"])
        beside = [{"said": "north", "geometry": "south"}] if found["late"] else []
        return JSONResponse({**found, "as_of": stub.as_of(), "contradictions": beside})

    async def lines(request: Request) -> Response:
        return JSONResponse({"as_of": stub.as_of(), "lines": stub.hotline["lines"]})

    async def watches(request: Request) -> Response:
        keys = [{"key": to64(public_key(SEED)), "label": "desk 1"}, *stub.hotline["keys"]]
        return JSONResponse({"as_of": stub.as_of(), "cells": stub.hotline["cells"], "keys": keys})

    async def watch(request: Request) -> Response:
        if stub.silent:
            return Response("", 503)
        stub.asked_watch += 1
        swept = stub.live["swept"] if stub.stands else stub.live["swept"] and stub.now()
        return JSONResponse({"as_of": stub.as_of(), **stub.live, "swept": swept})

    async def alerts(request: Request) -> Response:
        return Response("", 503) if stub.silent else JSONResponse({"as_of": stub.as_of(), "alerts": pl.DAY})

    async def options(request: Request) -> Response:
        return JSONResponse({"as_of": stub.as_of(), "options": pw.OPTIONS})

    async def position(request: Request) -> Response:
        lat, lon = float(request.query_params["lat"]), float(request.query_params["lon"])
        shown = f"{pw.dm(lat, 'NS')} {pw.dm(lon, 'EW')}"
        return JSONResponse({"dm": shown, "dms": shown, "mgrs": "24T WM 42825 81061", "gars": "284MA17"})

    async def ticks() -> AsyncIterator[str]:
        world = stub.hotline
        while world is stub.hotline:
            if not stub.silent:
                while stub.events:
                    yield stub.events.pop(0)
                now = stub.now()
                tick = {"position": stub.position, "time": now, "open_version": stub.version, "node_time": now}
                yield f"event: tick\ndata: {json.dumps(tick)}\n\n"
            await asyncio.sleep(0.4)

    async def stream(request: Request) -> Response:
        if not allowed(request):
            return problem("no-session", 401)
        if stub.silent:
            return Response("", 503)
        return StreamingResponse(ticks(), media_type="text/event-stream")

    async def commands(request: Request) -> Response:
        if stub.silent:
            return Response("", 503)
        if not allowed(request):
            return problem("no-session", 401)
        body = await request.json()
        envelope = open_envelope(from64(body["envelope"]))
        if isinstance(envelope, Refusal):
            return problem(envelope.reason, 400, envelope.sentence())
        refused = check_signatures(envelope, from64(body["envelope"]), tuple(from64(s) for s in body["signatures"]))
        parts = tuple(Attachment(from64(p["salt"]), from64(p["content"])) for p in body["parts"])
        opened = open_parts(envelope, parts)
        if refused or isinstance(opened, Refusal) or envelope.genesis != GENESIS or envelope.party != "HAS":
            return problem("bad-signature", 401, str(refused or opened))
        if stub.refuse:
            return problem(stub.refuse, 409, "The stub was told to refuse.")
        words = [str(getattr(decode_part(p.content), "text", "")) for p in parts]
        stub.parts += [decode_part(p.content) for p in parts]
        stub.commands.append(
            {"command": envelope.command, "words": words, "seen": envelope.seen, "id": envelope.command_id}
        )
        stub.apply(envelope.command, words)
        stub.position += 1
        stub.version += 1
        notice = {"number": stub.position - 48_201, "items": []}
        stub.events.append(f"event: notice\ndata: {json.dumps(notice)}\n\n")
        return JSONResponse({"outcome": "accepted", "position": stub.position, "time": stub.now(), "receipt": {},
                             "conflicts": [], "statement": ""})  # fmt: skip

    routes = [
        Route("/v1/about", about), Route("/v1/challenge", challenge, methods=["POST"]),
        Route("/v1/session", session, methods=["POST"]), Route("/v1/theatre", theatre), Route("/v1/view", view),
        Route("/v1/messages", messages), Route("/v1/messages/{sender}/{id}", message),
        Route("/v1/lines", lines), Route("/v1/watches", watches), Route("/v1/watch", watch),
        Route("/v1/alerts", alerts),
        Route("/v1/conflicts/{id}/options", options), Route("/v1/positions/show", position),
        Route("/v1/stream", stream), Route("/v1/commands", commands, methods=["POST"]),
        Mount("/", StaticFiles(directory=WEB, html=True)),
    ]  # fmt: skip
    return Policy(Starlette(routes=routes))


class Running:
    """The stub served on a free port of loopback, in a thread."""

    def __init__(self, port: int = 0) -> None:
        self.stub = Stub()
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", port))
        config = uvicorn.Config(make_app(self.stub), log_level="error", lifespan="off", timeout_graceful_shutdown=1)
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.socket]}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.socket.getsockname()[1]}/"

    @property
    def signed_on(self) -> str:
        return f"{self.url}#party=HAS&seed={to64(SEED)}"

    def start(self) -> None:
        self.thread.start()
        for _ in range(200):
            if self.server.started:
                return
            time.sleep(0.02)
        raise RuntimeError("the stub did not start")

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(timeout=5)
        self.socket.close()


if __name__ == "__main__":
    running = Running(8765)
    running.start()
    print(running.signed_on)
    running.thread.join()
