"""Figures of the feeds of a live watch, for Prometheus.

In:  what the receiver tells of its feeds, what the watch made of their reports; asked when somebody collects.
Out: families of metrics with a label `feed`, of which the settings bound the values, and reasons from closed sets.
Refuses nothing. What a feed has not had yet (a report to be silent since) has no sample.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from wideberth.feeds.parser import Drop
from wideberth.feeds.told import FeedState, Health
from wideberth.watch.absorb import Verdict
from wideberth.watch.track import Tally

LEFT_OUT: Final = {verdict: verdict.name.lower().replace("_", "-") for verdict in Verdict if verdict != Verdict.TAKEN}


class FeedFigures(Collector):
    """All feeds' figures as they are now."""

    def __init__(self, healths: Callable[[], list[Health]], tallies: Callable[[], Mapping[str, Tally]]) -> None:
        """`tallies`: by feed, what the watch made of its reports; a feed is there from its first report on."""
        self._healths, self._tallies = healths, tallies

    def describe(self) -> Iterable[Metric]:
        """Nothing is known beforehand."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """The families."""
        healths = self._healths()
        yield _counted("reports", "Position reports taken from a feed", ((h.name, h.reports) for h in healths))
        yield _counted("bytes", "Bytes read from a feed", ((h.name, h.bytes) for h in healths))
        yield _counted(
            "connections", "Connections made, or clients that came", ((h.name, h.connections) for h in healths)
        )
        yield _now("clients", "Clients at a listener", ((h.name, h.clients) for h in healths))
        yield _now("waiting", "Reports that wait to be taken by the watch", ((h.name, h.waiting) for h in healths))
        yield _now("silent_seconds", "Since a feed's last news", ((h.name, h.silent_s) for h in healths))
        yield _now("lag_seconds", "From a report's time to its reception", ((h.name, h.lag_s) for h in healths))
        state = GaugeMetricFamily("wideberth_feed_state", "1 for the state a feed is in", labels=("feed", "state"))
        refused = CounterMetricFamily(
            "wideberth_feed_refused", "What became no report, by reason", labels=("feed", "reason")
        )
        left_out = CounterMetricFamily(
            "wideberth_feed_left_out", "Reports that the watch made no use of, by reason", labels=("feed", "reason")
        )
        for health in healths:
            for one in FeedState:
                state.add_metric((health.name, one.value), float(health.state is one))
            for why in Drop:
                refused.add_metric((health.name, why.value), float(health.dropped.get(why.value, 0)))
            tally = self._tallies().get(health.name)
            for verdict, reason in LEFT_OUT.items():
                left_out.add_metric((health.name, reason), float(tally.count(verdict) if tally is not None else 0))
        yield from (state, refused, left_out)


def _counted(name: str, what: str, values: Iterable[tuple[str, int]]) -> Metric:
    family = CounterMetricFamily(f"wideberth_feed_{name}", what, labels=("feed",))
    for feed, value in values:
        family.add_metric((feed,), float(value))
    return family


def _now(name: str, what: str, values: Iterable[tuple[str, float | None]]) -> Metric:
    family = GaugeMetricFamily(f"wideberth_feed_{name}", what, labels=("feed",))
    for feed, value in values:
        if value is not None:
            family.add_metric((feed,), float(value))
    return family
