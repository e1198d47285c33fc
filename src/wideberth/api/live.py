"""What a party may see of the live watch now: its own tracks, the alerts that concern it, how the feeds do.

In:  a session. Out: the picture of the last sweep; of an alert's other side only what there is to keep clear by.
Refuses nothing: a node without feeds says so by an empty list.
"""

from wideberth.api.call import Call
from wideberth.api.reads import as_of
from wideberth.refusal import Refusal
from wideberth.theatre.alerts import Alerts, Encounters
from wideberth.theatre.alerts import alerts as read_alerts
from wideberth.theatre.alerts import encounters as read_encounters
from wideberth.theatre.shown import AsOf, Shown, id_text, time_text
from wideberth.watch.picture import AlertView
from wideberth.watch.watch import OwnTrack


class FeedNow(Shown, frozen=True):
    """A feed as every member sees it: UP, DEGRADED (connected and silent) or DOWN."""

    name: str
    state: str
    silent_s: float | None
    lag_s: float | None


class OpenAlert(Shown, frozen=True):
    """An alert that is open now; `id` is that of the ledger, by which it is taken up."""

    id: str
    view: AlertView


class WatchNow(Shown, frozen=True):
    """The live watch for one party. `swept` is null before the first sweep, and where the node has no feeds."""

    as_of: AsOf
    swept: str | None
    feeds: tuple[FeedNow, ...]
    own: tuple[OwnTrack, ...]
    alerts: tuple[OpenAlert, ...]
    unsure: tuple[str, ...] = ()
    """Callsigns of the reader's plans that several tracks say: none of them is taken for its own."""


async def watch(call: Call) -> WatchNow | Refusal:
    """The picture of the last sweep."""
    node = call.node
    live = node.live
    if live is None:
        return await call.read(lambda: WatchNow(as_of(node), None, (), (), ()))
    seen = await live.picture(call.party)
    feeds = tuple(FeedNow(h.name, h.state.value, h.silent_s, h.lag_s) for h in live.healths())
    open_ = tuple(OpenAlert(id_text(live.ledger_id(view.id)), view) for view in seen.alerts)
    swept = time_text(seen.time_us) if seen.time_us else None
    return await call.read(lambda: WatchNow(as_of(node), swept, feeds, seen.own, open_, seen.unsure))


async def encounters(call: Call) -> Encounters | Refusal:
    """Encounters that the reader filed or was told of."""
    node = call.node
    return await call.read(lambda: read_encounters(node.state, call.party, as_of(node)))


async def alerts(call: Call) -> Alerts | Refusal:
    """What the live watch warned the reader of, as the ledger has it."""
    node = call.node
    return await call.read(lambda: read_alerts(node.state, call.party, as_of(node)))
