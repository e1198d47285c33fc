"""Figures of what goes out, for Prometheus: by kind of message alone, never by address.

In:  what is counted. Out: two families in a registry.
"""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

RETRIED: Final = "retried"
REFUSED: Final = "refused"
SUPPLIERS: Final = (
    "Messages to addresses of suppliers: sent, failed, given-up, superseded, refused; tries that are repeated"
)
ROUTES: Final = "What goes to parties on their routes, by kind of route: handed, failed, retried"


class Figures:
    """Messages by kind and outcome, and those that wait."""

    def __init__(
        self, registry: CollectorRegistry | None = None, of: str = "deliveries", told: str = SUPPLIERS
    ) -> None:
        """`registry`: the node's; one of its own where none is given."""
        self.registry = registry or CollectorRegistry()
        self._deliveries = Counter(f"wideberth_{of}", told, ["kind", "outcome"], registry=self.registry)
        self._waiting = Gauge(f"wideberth_{of}_waiting", "Messages that wait", ["kind"], registry=self.registry)

    def count(self, kind: str, outcome: str) -> None:
        """One more of these."""
        self._deliveries.labels(kind, outcome).inc()

    def wait(self, kind: str, more: int) -> None:
        """So many more wait, or fewer."""
        self._waiting.labels(kind).inc(more)
