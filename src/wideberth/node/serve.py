"""One process that serves one theatre: the node behind uvicorn.

In:  a `Config`; what to call once requests are answered.
Out: returns when told to stop (SIGINT, SIGTERM), after answers under way have left.
Raises `NodeFailed` with one sentence when it cannot start, or cannot go on: the caller ends with exit code 3.
"""

import asyncio
import logging
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import structlog
import uvicorn
from starlette.types import ASGIApp

from wideberth.config import Config, is_loopback
from wideberth.ledger.entry import Entry
from wideberth.limits import TURN_US_MAX
from wideberth.node.carrier import Carrier
from wideberth.node.core import Node
from wideberth.node.metrics import MetricsServer
from wideberth.node.opening import NodeFailed
from wideberth.node.protocol import BoundedProtocol

GRACE_S = 5
BACKLOG = 1_024


class Ready:
    """Where a node that is ready listens."""

    def __init__(self, url: str, metrics_url: str | None) -> None:
        self.url, self.metrics_url = url, metrics_url


class Server(uvicorn.Server):
    """uvicorn without its own handling of signals."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The caller stops it."""
        yield


def configure_log(level: str) -> None:
    """One JSON object a line on standard error; neither secrets nor plans are ever handed to it."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def uvicorn_server(app: ASGIApp, config: Config) -> Server:
    """A server for an app, with this house's limits."""
    settings: dict[str, Any] = {
        "http": BoundedProtocol,
        "ws": "none",
        "lifespan": "off",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "timeout_graceful_shutdown": GRACE_S,
    }
    if config.tls:
        settings |= {"ssl_certfile": config.tls_certificate, "ssl_keyfile": config.tls_key}
    return Server(uvicorn.Config(app, **settings))


def listen(config: Config) -> socket.socket:
    """The listening socket; NodeFailed where the address is off loopback without TLS, or taken."""
    if not config.tls and not is_loopback(config.host):
        raise NodeFailed(f"Off loopback the node speaks TLS only: {config.host} needs a certificate and its key.")
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((config.host, config.port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise NodeFailed(f"The node cannot listen on {config.host}, port {config.port}: {error.strerror}.") from error
    return listening


def url_of(config: Config, port: int) -> str:
    """The address as a browser takes it."""
    host = f"[{config.host}]" if ":" in config.host else config.host
    return f"{'https' if config.tls else 'http'}://{host}:{port}"


def run(config: Config, ready: Callable[[Ready], None] | None = None) -> None:
    """Serve until told to stop. `ready` is called once, when requests are answered."""
    configure_log(config.log_level)
    with suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(config, ready))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


async def _serve(config: Config, ready: Callable[[Ready], None] | None) -> None:
    from wideberth.api.app import create_app  # the API knows the node, so the node meets it only here

    async with Node.open(config) as node, _watching(node):
        listening = listen(config)
        metrics = MetricsServer(node.metrics, config.metrics_port) if config.metrics_port is not None else None
        try:
            server = uvicorn_server(create_app(node), config)
            _stop_on_signals(node, server)
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            while not server.started and not serving.done():
                await asyncio.sleep(TURN_US_MAX / 1e6)
            url = url_of(config, listening.getsockname()[1])
            node.public_url = node.public_url or url
            if ready is not None and server.started:
                where = f"http://127.0.0.1:{metrics.port}/metrics" if metrics is not None else None
                ready(Ready(url, where))
            async with _telling(node):
                await _until_over(node, server, serving)
        finally:
            listening.close()
            if metrics is not None:
                metrics.close()
    if node.failed:
        raise NodeFailed(node.failed)


@asynccontextmanager
async def _telling(node: Node) -> AsyncIterator[None]:
    """While it lasts, parties are told on their routes what they are owed, and suppliers what entries mean for them,
    where the node can have tokens of its own."""
    from wideberth.api.telling import Teller

    carrier = node.carrier = Carrier(node)
    teller = Teller(node) if node.config.outbound_token_url else None
    tellers: list[Callable[[Entry], None]] = [carrier.entry, *([teller.entry] if teller is not None else [])]

    def show(entry: Entry) -> None:
        for told in tellers:
            told(entry)
        if node.live is not None:
            node.live.entry(entry)

    node.on_entry = show
    running = asyncio.create_task(teller.outbound.run()) if teller is not None else None
    await carrier.start()
    try:
        yield
    finally:
        node.on_entry = node.carrier = None
        await carrier.close()
        if teller is not None and running is not None:
            await teller.outbound.close()
            await running


@asynccontextmanager
async def _watching(node: Node) -> AsyncIterator[None]:
    """While it lasts, the feeds that the settings name are watched; without any it is nothing. What sweeps need is
    compiled when it begins, so that a node that says it is ready is."""
    if node.config.feeds is None:
        yield
        return
    from wideberth.node.live import Live

    async with Live.open(node) as node.live:
        yield
    node.live = None


async def _until_over(node: Node, server: Server, serving: "asyncio.Task[None]") -> None:
    """Until the server stops, or the node fails: then the answers under way leave first."""
    ended = asyncio.create_task(node.ended.wait())
    await asyncio.wait((serving, ended), return_when=asyncio.FIRST_COMPLETED)
    node.stop_streams()
    server.should_exit = True
    await serving
    ended.cancel()


def _stop_on_signals(node: Node, server: Server) -> None:
    def stop() -> None:
        node.stop_streams()
        server.should_exit = True

    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
