"""The live watch in a terminal: alerts by the names that the reader gave, feeds, whether the watch goes on.

In:  the picture of the last sweep; the reader's view; alerts of the stream and items of notices.
Out: lines for the eye. What others wrote or broadcast is escaped.
Refuses nothing: what has no name is called by the begin of its id.
"""

import re
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Final
from uuid import UUID

import msgspec

from wideberth.client.client import Client
from wideberth.client.live import AlertView, FeedNow, LiveWatch, OpenAlert, WatchNow
from wideberth.client.wire import Operation, Problem, Thing, View
from wideberth.words.show import shown

SHORT: Final = 6
"""Characters of an id that people read."""
VIEW_S: Final = 300.0
"""A view is large and the link may be thin."""
OLD_S: Final = 5.0
"""A report that is older says so."""
LAG_S: Final = 10.0
STANDS_S: Final = 10.0
"""A sweep that is older is not now: sweeps come twice a second."""
OVER: Final = ("passed", "lost")
LOUD: Final = ("warned", "happened")
ZONE: Final = re.compile(r"([^/]*)/([0-9a-f]{32})|/(\d+)/.*")
KINDS: Final = {
    "operation": "plan",
    "constraint": "closure",
    "line": "agreed line",
    "protected": "protected place",
    "register": "registered movement",
}
HIDDEN: Final = "something that is not shown to you"
LOST: Final = ", out of sight: how it went on is not known"
OFF_PLAN: Final = {"passed": "is no longer seen off its plan", "lost": f"was off its plan{LOST}"}
DOUBTS: Final = {
    "jump": "it jumped",
    "teleport": "it was elsewhere a moment ago",
    "shared": "two places report one address",
    "speed": "no such speed",
    "acceleration": "no such acceleration",
    "mismatch": "it moves otherwise than it reports",
    "altitudes": "its altitudes contradict one another",
    "callsign": "another says its callsign",
}
"""What speaks against a track, by the names of `watch.state.Flag`."""
GOES: Final = ""
STANDS: Final = "stands"
ELSEWHEN: Final = "elsewhen"


class Names(msgspec.Struct, frozen=True):
    """What the reader calls things."""

    party: str = ""
    things: dict[str, str] = {}
    """Labels of plans, closures and places, by their id in hexadecimal digits."""
    tracks: dict[str, str] = {}
    """The reader's own tracks by callsign and by address, with the zone of the plan that each flies, or nothing."""

    def zone(self, zone: str, kind: str) -> str:
        """A zone of the watch."""
        found = ZONE.fullmatch(zone)
        if found is None:
            return shown(zone)
        owner, thing, line = found.groups()
        return f"agreed line {line}" if line else self.thing(thing, owner, kind)

    def thing(self, thing: str, owner: str, kind: str = "operation") -> str:
        """A plan, closure or place: its label, whose it is, and what it is where that is no plan."""
        whose, what = "yours" if owner == self.party else shown(owner), KINDS.get(kind, kind)
        label = self.things.get(thing)
        if label is None:
            return f"{what} {thing[:SHORT]} ({whose})"
        return f"{shown(label)} ({whose}{'' if kind == 'operation' else f', {what}'})"

    def track(self, name: str) -> str:
        """A track; the reader's own with its plan."""
        if name not in self.tracks:
            return shown(name) if name else "an aircraft that is not named"
        found = ZONE.fullmatch(self.tracks[name])
        plan = f"plan {found[2][:SHORT]}" if found is not None and found[2] else ""
        label = self.things.get(found[2]) if found is not None and found[2] else None
        said = shown(label) if label is not None else plan
        return f"{shown(name)} ({said}{', ' * bool(said)}yours)"


def names_of(party: str, view: View | None, picture: WatchNow) -> Names:
    """The names in a view, and the tracks of a picture."""
    told: tuple[Operation | Thing, ...] = ()
    if view is not None:
        told = (*view.operations, *view.constraints, *view.protected)
    things = {thing.id.hex: thing.label for thing in told if thing.label}
    tracks = {name: own.operation for own in picture.own for name in (own.name, own.callsign) if name}
    return Names(party, things, tracks)


class Namer:
    """Names as they are, of a view that is read anew where it lacks something, and from time to time."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._view: View | None = None
        self._asked: set[str] = set()
        self._at_s = self._position = 0.0

    def names(self, picture: WatchNow, ahead: bool = False) -> Names:
        """For what a picture shows; `ahead`: for alerts to come as well."""
        zones = {own.operation for own in picture.own}
        zones |= {side for alert in picture.alerts for side in (alert.view.own, alert.view.other)}
        zones = {zone for zone in zones if ZONE.fullmatch(zone)}
        moved = picture.as_of.position != self._position and monotonic() - self._at_s > VIEW_S
        if (zones or ahead) and (self._view is None or moved or not zones <= self._asked):
            self._asked, self._at_s, self._position = zones, monotonic(), picture.as_of.position
            view = self._client.view()
            self._view = self._view if isinstance(view, Problem) else view
        return names_of(self._client.party, self._view, picture)


class Learner:
    """Fills in, once each, what an alert of the stream names and nobody has looked at yet: a plan that was filed, or an
    aircraft that appeared, a moment ago."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._asked: set[str] = set()

    def learned(self, names: Names, view: AlertView) -> Names:
        """The names, with those of an alert."""
        for side in (view.own, view.other):
            if side and side not in self._asked:
                found = ZONE.fullmatch(side)
                if found is None and side not in names.tracks:
                    self._asked.add(side)
                    names = self._track(names)
                elif found is not None and view.kind == "operation" and found[2] and found[2] not in names.things:
                    self._asked.add(side)
                    names = self._plan(names, found[2])
        return names

    def _plan(self, names: Names, thing: str) -> Names:
        operation = self._client.operation(UUID(thing))
        label = None if isinstance(operation, Problem) else operation.label
        return msgspec.structs.replace(names, things=names.things | {thing: label}) if label else names

    def _track(self, names: Names) -> Names:
        picture = LiveWatch(self._client).now()
        if isinstance(picture, Problem):
            return names
        return msgspec.structs.replace(names, tracks=names_of(names.party, None, picture).tracks)


def is_owed(alert: OpenAlert) -> bool:
    """Whether the reader's watch has to take it up."""
    return alert.view.state in LOUD and not alert.view.acknowledged_us


def alert_line(alert: OpenAlert, names: Names) -> str:
    """An alert: which, who, when, how near, by how much it comes nearer, how old that is."""
    view = alert.view
    head = f"ALERT {view.state} {short(alert.id)}: {alert_sides(view, names)}"
    if view.state in OVER:
        return f"{head}{LOST * (view.state == 'lost')}"
    figures = _of_pair(view) if view.kind == "pair" else []
    ages = [place.age_s for place in (view.mine, view.theirs) if place is not None]
    figures += [f"last report {max(ages):.0f} s ago"] if ages and max(ages) > OLD_S else []
    joined = ", " if view.kind != "pair" else ": "
    when = "" if view.kind == "pair" else f" {_entry(view)}"
    against = ", ".join(DOUBTS.get(flag, flag) for flag in view.doubt.split(", "))
    doubt = f" (doubtful: {against})" if view.doubt else ""
    taken = ", taken up" * bool(view.acknowledged_us)
    return f"{head}{when}{joined * bool(figures)}{', '.join(figures)}{doubt}{taken}"


def alert_sides(view: AlertView, names: Names) -> str:
    """Who meets whom, or what comes to what."""
    if view.kind == "pair":
        return f"{names.track(view.own)} and {names.track(view.other)}"
    if ZONE.fullmatch(view.own):
        return f"{names.zone(view.own, view.kind)}: {names.track(view.other)}"
    what = names.zone(view.other, view.kind) if view.other else HIDDEN
    return f"{what}: {names.track(view.own)}"


def _of_pair(view: AlertView) -> list[str]:
    figures = []
    if view.state != "happened" and view.entry_s is not None:
        figures.append(f"too near in {countdown(view.entry_s)}")
    if view.cpa_s is not None and (view.cpa_s > 0 or view.state != "happened"):
        figures.append(f"nearest in {countdown(view.cpa_s)}")
    if view.horizontal_m is not None:
        tall = "height not known" if view.vertical_m is None else f"{abs(view.vertical_m):,.0f} m in height"
        figures += [f"{abs(view.horizontal_m):,.0f} m apart", tall]
    if view.closure_m_s is not None:
        way = "closing" if view.closure_m_s >= 0 else "moving apart at"
        figures.append(f"{way} {abs(view.closure_m_s):.0f} m/s")
    return figures


def _entry(view: AlertView) -> str:
    """When a zone is entered; of one that is hidden the figure is a whole minute, the earlier one."""
    enters, entered = ("crosses", "has crossed") if view.kind == "line" else ("enters", "has entered")
    if view.state == "happened":
        return entered
    if view.entry_s is None:
        return "comes towards it"
    if view.kind != "hidden" and (view.other or ZONE.fullmatch(view.own)):
        return f"{enters} in {countdown(view.entry_s)}"
    return f"{enters} within a minute" if view.entry_s < 60 else f"{enters} in {view.entry_s // 60:.0f} min or more"


def countdown(seconds: float) -> str:
    """Minutes and seconds, never later than it is."""
    whole = max(0, int(seconds))
    return f"{whole // 60}:{whole % 60:02d}"


def short(alert: UUID) -> str:
    """How an alert is called where people type."""
    return alert.hex[:SHORT]


def notice_line(item: dict[str, Any], names: Names) -> str:
    """An alert as the ledger has it."""
    own = names.thing(UUID(item["operation"]).hex, names.party) if item["operation"] else ""
    who = names.track(item["track"]) if item["track"] else own
    if item["track"] and item["track"] not in names.tracks and own:
        who = f"{who}, {own}"
    head, about = f"ALERT {item['what']} {item['alert'][:SHORT]}", f"{who or 'your own'}"
    about += f" and {shown(item['other'])}" if item["other"] else ""
    if item["what"] == "acknowledged":
        by = "you" if item["by"] == names.party else shown(item["by"] or "another")
        return f"ALERT taken up {item['alert'][:SHORT]} by {by}: {about}"
    if item["of"] == "off-plan":
        return f"{head}: {about} {OFF_PLAN.get(item['what'], 'is off its plan')}"
    far = f"{item['horizontal_m']:,.0f} m apart, {item['vertical_m']:,.0f} m in height"
    seen = f"{far if item['of'] == 'pair' else item['of']}{' (doubtful)' * item['doubtful']}"
    return f"{head}: {about}: {seen}{LOST * (item['what'] == 'lost')}"


# feeds


def feed_words(feed: FeedNow) -> str:
    """How a feed does."""
    more = []
    if feed.state != "UP":
        more.append("no news yet" if feed.silent_s is None else f"silent {feed.silent_s:.0f} s")
    if feed.lag_s is not None and abs(feed.lag_s) > LAG_S:
        more.append(f"lag {feed.lag_s:.0f} s")
    said = ", ".join(more)
    return f"{shown(feed.name)} {feed.state}{f' ({said})' if said else ''}"


def head_lines(picture: WatchNow, going: str) -> list[str]:
    """What stands over the list: the feeds, callsigns that nobody is taken to be, whether the watch goes on."""
    lines = [f"Feeds: {', '.join(map(feed_words, picture.feeds))}"] if picture.feeds else []
    lines += [unsure_line(picture)] if picture.unsure else []
    return lines + ([going_line(picture, going)] if going else [])


def unsure_line(picture: WatchNow) -> str:
    """Callsigns and addresses that several say, so that none of them is taken for the reader's."""
    return f"Not recognised as yours: {', '.join(map(shown, picture.unsure))}"


def going_line(picture: WatchNow, going: str) -> str:
    """Of what time the picture is, where it is not of now."""
    if picture.swept is None:
        return "The live watch has not begun"
    swept = picture.swept.astimezone(UTC)
    if going == STANDS:
        return f"LIVE WATCH STANDS since {swept:%H:%M:%S}Z"
    return f"The live watch shows {swept:%Y-%m-%d %H:%M:%S}Z: a recording is played, or a clock is wrong"


def is_old(picture: WatchNow, now: datetime) -> bool:
    """Whether the last sweep is not of now."""
    if not picture.feeds:
        return False
    return picture.swept is None or (now - picture.swept).total_seconds() > STANDS_S


def going_of(before: WatchNow | None, picture: WatchNow, now: datetime) -> str:
    """GOES, or STANDS where there was no sweep since the picture before; one that is old and goes on is ELSEWHEN."""
    if not is_old(picture, now):
        return GOES
    return STANDS if before is None or before.swept == picture.swept else ELSEWHEN


class Changes:
    """What is new from one picture to the next."""

    def __init__(self, picture: WatchNow, going: str) -> None:
        """The picture that the reader has seen already."""
        self._last, self._going = picture, going

    def lines(self, picture: WatchNow, now: datetime) -> list[str]:
        """A line for each feed whose state changed, and for what else the reader has to know."""
        before, self._last = self._last, picture
        was = {feed.name: feed.state for feed in before.feeds}
        lines = [
            f"FEED {feed_words(feed)}, {f'was {was[feed.name]}' if feed.name in was else 'new'}"
            for feed in picture.feeds
            if feed.state != was.get(feed.name)
        ]
        lines += [f"FEED {shown(name)} is gone" for name in was.keys() - {feed.name for feed in picture.feeds}]
        if set(picture.unsure) - set(before.unsure):
            lines.append(unsure_line(picture))
        going = going_of(before, picture, now)
        if going != self._going:
            lines.append(going_line(picture, going) if going else "The live watch goes on")
        self._going = going
        return [f"{now.astimezone(UTC):%H:%M:%S}Z {line}" for line in lines]
