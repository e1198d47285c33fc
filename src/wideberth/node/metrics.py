"""Figures of a running node, for Prometheus.

In:  what the node counts; the node itself, asked when somebody collects.
Out: one registry a node; `/metrics` listens apart from the API, on loopback alone.
No label names a party: who does how much is nobody's business but the operator's log.
"""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

if TYPE_CHECKING:
    from wideberth.node.core import Node

LOOPBACK: Final = "127.0.0.1"
SECONDS: Final = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)


class Metrics:
    """Counters and gauges of one node."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        commands = "Commands answered, by outcome: accepted, or the reason of the refusal"
        self.commands = Counter("wideberth_commands", commands, ["outcome"], registry=self.registry)
        self.deciding = Histogram(
            "wideberth_decide_seconds", "Time to decide one command", buckets=SECONDS, registry=self.registry
        )
        self.appending = Histogram(
            "wideberth_append_seconds", "Time until a group was durable", buckets=SECONDS, registry=self.registry
        )
        self.requests = Counter("wideberth_requests", "Requests answered", ["route", "status"], registry=self.registry)

    def gauge(self, name: str, what: str, value: Callable[[], float]) -> None:
        """A figure that is asked for when it is collected."""
        Gauge(f"wideberth_{name}", what, registry=self.registry).set_function(value)

    def watch(self, node: "Node") -> None:
        """The figures that a node has at any time."""
        self.gauge("ledger_entries", "Entries of the ledger", lambda: float(node.ledger.head.size))
        self.gauge("commands_waiting", "Commands that wait to be decided", lambda: float(node.waiting()[0]))
        self.gauge("reads_waiting", "Reads that wait for their turn", lambda: float(node.waiting()[1]))
        self.gauge("sessions", "Open sessions", lambda: float(len(node.sessions)))
        self.gauge("streams", "Open streams", lambda: float(len(node.streams)))
        self.gauge("ready", "1 while the node decides", lambda: float(node.trouble() is None))


class MetricsServer:
    """`/metrics` on loopback."""

    def __init__(self, metrics: Metrics, port: int) -> None:
        """`port` 0 takes a free one."""
        served: tuple[WSGIServer, threading.Thread] = start_http_server(port, LOOPBACK, metrics.registry)
        self._server, self._thread = served
        self.port: int = self._server.server_port

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
