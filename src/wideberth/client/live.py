"""The live watch as a party sees it: its own tracks, the alerts that concern it, how the feeds do.

In:  a `Client`; ids as bytes or UUID.
Out: typed reads; an `Answer` or a `Problem`.
Raises what the client raises.
"""

from datetime import datetime
from uuid import UUID

from wideberth.client.client import Client, Id
from wideberth.client.wire import Answer, AsOf, Problem, Wire
from wideberth.party.alerts import AcknowledgeAlert


class Place(Wire, frozen=True):
    """Where a track is."""

    lat_deg: float
    lon_deg: float
    error_m: float
    age_s: float
    baro_ft: int | None = None
    hae_m: float | None = None
    speed_m_s: float | None = None
    track_deg: float | None = None


class AlertView(Wire, frozen=True):
    """An alert as its reader may see it: its own side, and of the other what there is to keep clear by."""

    kind: str
    state: str
    own: str
    other: str
    opened_us: int
    acknowledged_us: int
    doubt: str
    entry_s: float | None = None
    cpa_s: float | None = None
    horizontal_m: float | None = None
    vertical_m: float | None = None
    closure_m_s: float | None = None
    mine: Place | None = None
    theirs: Place | None = None


class OpenAlert(Wire, frozen=True):
    """An alert that is open now, or has just moved; `id` is that of the ledger."""

    id: UUID
    view: AlertView


class FeedNow(Wire, frozen=True):
    """A feed: UP, DEGRADED (connected and silent) or DOWN."""

    name: str
    state: str
    silent_s: float | None = None
    lag_s: float | None = None


class OwnTrack(Wire, frozen=True):
    """One of the reader's own tracks."""

    name: str
    callsign: str
    operation: str
    place: Place
    flags: tuple[str, ...] = ()
    on_ground: bool | None = None


class WatchNow(Wire, frozen=True):
    """The picture of the last sweep; `swept` is None where the node has no feeds, or has not swept yet."""

    as_of: AsOf
    swept: datetime | None
    feeds: tuple[FeedNow, ...]
    own: tuple[OwnTrack, ...]
    alerts: tuple[OpenAlert, ...]
    unsure: tuple[str, ...] = ()
    """Names of the reader's aircraft that several tracks say, or another party's plan too."""


class LiveWatch:
    """A client's live watch."""

    def __init__(self, client: Client) -> None:
        """The client's session is used."""
        self.client = client

    def now(self) -> WatchNow | Problem:
        """The picture of the last sweep."""
        return self.client.connection.get("/v1/watch", WatchNow)

    def acknowledge(self, alert: Id) -> Answer | Problem:
        """A watch has taken an alert up."""
        return self.client.say(AcknowledgeAlert(alert.bytes if isinstance(alert, UUID) else alert))
