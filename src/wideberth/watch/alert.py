"""Alerts: one life for each pair that is about to come too near, as a table.

In:  each sweep, which pairs come too near by the minima, and which still would by wider ones (`Seen`);
     acknowledgements; the time.
Out: `Change`s: alerts that opened or moved, each a row of `ALERT`; every alert until it is over and told.
Refuses: an acknowledgement of what is not there, is over, or concerns somebody else (UNKNOWN, WRONG_STATE).

So that one pair does not flutter: it opens only when predicted in `confirm` sweeps in a row (at once where time is
short), stays open while the wider minima still fall short, passes only after `dwell_us` of neither, and the same pair
that comes again within `again_us` goes on as the same alert. An alert never goes back from warned to predicted, and
never ends without a word: a track that is not seen any more ends it as "lost sight", after `unseen_us`.
"""

import hashlib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from wideberth.limits import ALERTS_MAX
from wideberth.refusal import Reason, Refusal, refuse


class AlertState(StrEnum):
    """Where an alert stands."""

    PREDICTED = "predicted"
    WARNED = "warned"
    """So near in time that those concerned have to act."""
    ACKNOWLEDGED = "acknowledged"
    """Everybody concerned has said so."""
    HAPPENED = "happened"
    """They are too near now, or were."""
    PASSED = "passed"
    LOST = "lost"
    """A side went out of sight while it was open: nobody knows how it goes on."""


OVER: Final = (AlertState.PASSED, AlertState.LOST)
_A = AlertState
ALERT: Final[dict[tuple[AlertState, str], AlertState]] = {
    (_A.PREDICTED, "time is short"): _A.WARNED,
    (_A.PREDICTED, "too near"): _A.HAPPENED,
    (_A.PREDICTED, "apart"): _A.PASSED,
    (_A.PREDICTED, "lost sight"): _A.LOST,
    (_A.WARNED, "acknowledged by all"): _A.ACKNOWLEDGED,
    (_A.WARNED, "too near"): _A.HAPPENED,
    (_A.WARNED, "apart"): _A.PASSED,
    (_A.WARNED, "lost sight"): _A.LOST,
    (_A.ACKNOWLEDGED, "concerns another"): _A.WARNED,
    (_A.ACKNOWLEDGED, "too near"): _A.HAPPENED,
    (_A.ACKNOWLEDGED, "apart"): _A.PASSED,
    (_A.ACKNOWLEDGED, "lost sight"): _A.LOST,
    (_A.HAPPENED, "apart"): _A.PASSED,
    (_A.HAPPENED, "lost sight"): _A.LOST,
    (_A.PASSED, "predicted again"): _A.PREDICTED,
    (_A.LOST, "predicted again"): _A.PREDICTED,
}
"""From and event, to; no row, no change."""


class Rules(NamedTuple):
    """Deadlines and dwells, microseconds unless said."""

    look_us: int = 300_000_000
    warn_us: int = 120_000_000
    """Time to entry at which predicted becomes warned."""
    confirm: int = 2
    """Sweeps in a row before an alert opens; one where less than `warn_us` is left. Where places alone give a velocity
    it is as many reports, for what is more than `soon_us` ahead."""
    soon_us: int = 30_000_000
    dwell_us: int = 10_000_000
    """How long nothing is predicted before an alert passes, and that many reports of each side since, which say so."""
    reports: int = 2
    again_us: int = 60_000_000
    unseen_us: int = 30_000_000
    wider: float = 1.1
    """By how much the minima and the look-ahead are widened for what is open already."""


RULES: Final = Rules()
Key = tuple[str, str, str]
"""What sort ("pair", or a kind of zone), and both sides: track numbers, or a track number and a zone."""


class Seen(msgspec.Struct, frozen=True, gc=False):
    """A pair in one sweep."""

    key: Key
    entry_s: float
    """Until both minima fall short; 0: they do."""
    cpa_s: float
    horizontal_m: float
    vertical_m: float | None
    """None where one of them has no altitude."""
    inside: bool = True
    """By the minima themselves, not only by the wider ones."""
    well_clear_s: float | None = None
    """Until well clear is lost, where that was asked and is so."""
    apart_m: float | None = None
    """How far apart they are now; None of zones."""
    above_m: float | None = None
    """How far in height now; None where one of them has no altitude."""
    guessed: bool = False
    """Whether a velocity in it was told by places alone."""
    reported_us: int = 0
    """Of when the newest place in it is."""


class Nearest(NamedTuple):
    """Two tracks at the moment at which they were nearest, across the ground."""

    time_us: int
    apart_m: float
    above_m: float | None


class Alert(msgspec.Struct):
    """One pair, as long as it matters."""

    id: str
    key: Key
    state: AlertState
    opened_us: int
    changed_us: int
    seen: Seen
    """The newest."""
    seen_us: int
    """When it was last too near or predicted to be, by the wider minima."""
    known_us: int
    """When both sides were last in sight."""
    nearest: "Nearest | None" = None
    """The nearest that they were while it was open; None of zones."""
    parties: tuple[str, ...] = ()
    acknowledged: dict[str, int] = {}
    missed: int = 0
    """How often, since it was last too near or predicted, both sides were reported anew;"""
    heard: Mapping[str, int] = {}
    """of when each side's last place was then."""
    doubt: str = ""
    """Why a side may not be what it says."""

    @property
    def zone(self) -> str:
        """The id of its zone; "" of a pair of tracks."""
        return "" if self.key[0] == "pair" else self.key[2]

    @property
    def tracks(self) -> tuple[int, ...]:
        """The numbers of its tracks: both of a pair, else the one that comes."""
        return tuple(map(int, self.key[1:2] if self.zone else self.key[1:]))

    @property
    def over(self) -> bool:
        """Whether it has passed, or is out of sight."""
        return self.state in OVER


class Change(msgspec.Struct, frozen=True):
    """What happened to an alert: None to predicted when it opened."""

    alert: str
    event: str
    before: AlertState | None
    after: AlertState
    time_us: int


class Alerts:
    """All alerts that are open, or passed a short while ago."""

    def __init__(self, rules: Rules = RULES, secret: bytes = b"") -> None:
        """`secret`: up to 64 bytes that nobody else knows, by which ids are made."""
        self.rules = rules
        self.by_id: dict[str, Alert] = {}
        self._by_key: dict[Key, Alert] = {}
        self._waiting: dict[Key, tuple[int, int]] = {}
        """How often in a row a pair was predicted that has no alert yet, and by a report of when."""
        self.unconfirmed = False
        """Whether any pair waits for another sweep to say the same."""
        self._secret = secret
        self.unopened = 0
        """How many could not be opened for want of room, ever."""

    def __len__(self) -> int:
        return len(self.by_id)

    def get(self, key: Key) -> Alert | None:
        """The alert of a pair."""
        return self._by_key.get(key)

    def sweep(self, seen: Iterable[Seen], sighted: Mapping[str, int], now_us: int) -> list[Change]:
        """One sweep. `sighted`: sides (of `Key`) that are in sight, and of when what is known of them is."""
        changes: list[Change] = []
        found = {one.key: one for one in seen}
        waiting = self._waiting
        self._waiting, self.unconfirmed = {}, False
        for key in sorted(found, key=lambda key: (found[key].entry_s, key)):  # where room is short, the soonest
            alert = self._by_key.get(key)
            if alert is not None:
                changes += self._update(alert, found[key], now_us)
            elif found[key].inside:
                changes += self._maybe_open(found[key], waiting.get(key, (0, 0)), now_us)
        for alert in list(self.by_id.values()):
            if alert.key not in found:
                changes += self._missing(alert, sighted, now_us)
        return changes

    def _maybe_open(self, seen: Seen, before: tuple[int, int], now_us: int) -> list[Change]:
        rules = self.rules
        times = before[0] + (not seen.guessed or seen.reported_us != before[1])
        if times < rules.confirm and seen.entry_s * 1e6 > (rules.soon_us if seen.guessed else rules.warn_us):
            self._waiting[seen.key] = times, seen.reported_us
            self.unconfirmed |= not seen.guessed
            return []
        if len(self.by_id) >= ALERTS_MAX:
            self.unopened += 1
            return []
        id_ = alert_id(seen.key, now_us, self._secret)
        alert = Alert(
            id_, seen.key, AlertState.PREDICTED, now_us, now_us, seen, now_us, now_us, _nearer(None, seen, now_us)
        )
        self.by_id[id_] = self._by_key[seen.key] = alert
        return [Change(id_, "opened", None, AlertState.PREDICTED, now_us), *self._rise(alert, now_us)]

    def _update(self, alert: Alert, seen: Seen, now_us: int) -> list[Change]:
        alert.known_us = now_us
        if not seen.inside and alert.over:
            return self._forget(alert, now_us)
        changes = self._move(alert, "predicted again", now_us) if alert.over else []
        alert.nearest = _nearer(alert.nearest, seen, now_us)
        alert.seen, alert.seen_us, alert.missed, alert.heard = seen, now_us, 0, {}
        return changes + self._rise(alert, now_us)

    def _rise(self, alert: Alert, now_us: int) -> list[Change]:
        seen, changes = alert.seen, list[Change]()
        if seen.inside and seen.entry_s * 1e6 <= self.rules.warn_us:
            changes += self._move(alert, "time is short", now_us)
        if seen.inside and seen.entry_s <= 0.0:
            changes += self._move(alert, "too near", now_us)
        return changes

    def _missing(self, alert: Alert, sighted: Mapping[str, int], now_us: int) -> list[Change]:
        """Not even by the wider minima any more, or out of sight."""
        if alert.over:
            return self._forget(alert, now_us)
        sides = alert.key[1:]
        if all(side in sighted for side in sides):
            alert.known_us = now_us
            if all(sighted[side] > alert.heard.get(side, alert.seen_us) for side in sides):
                alert.missed, alert.heard = alert.missed + 1, {side: sighted[side] for side in sides}
            sure = alert.missed >= self.rules.reports and now_us - alert.seen_us >= self.rules.dwell_us
            return self._move(alert, "apart", now_us) if sure else []
        return self._move(alert, "lost sight", now_us) if now_us - alert.known_us >= self.rules.unseen_us else []

    def _forget(self, alert: Alert, now_us: int) -> list[Change]:
        if now_us - alert.changed_us >= self.rules.again_us:
            del self.by_id[alert.id]
            del self._by_key[alert.key]
        return []

    def _move(self, alert: Alert, event: str, now_us: int) -> list[Change]:
        after = ALERT.get((alert.state, event))
        if after is None:
            return []
        before, alert.state, alert.changed_us = alert.state, after, now_us
        if event == "predicted again":
            alert.acknowledged = {}
        return [Change(alert.id, event, before, after, now_us)]

    def concern(self, alert: Alert, parties: set[str], now_us: int) -> list[Change]:
        """Whom it concerns, ever more; that everybody has acknowledged ends where somebody joins."""
        alert.parties = tuple(sorted(parties | set(alert.parties)))
        if parties <= alert.acknowledged.keys():
            return []
        return self._move(alert, "concerns another", now_us)

    def acknowledge(self, id_: str, party: str, now_us: int) -> list[Change] | Refusal:
        """A party has seen it; once more by the same party changes nothing."""
        alert = self.by_id.get(id_)
        if alert is None or party not in alert.parties:
            return refuse(Reason.UNKNOWN, "alert", "an alert of yours", id_)
        if alert.state is AlertState.PREDICTED or alert.over:
            return refuse(Reason.WRONG_STATE, "alert", "warned, acknowledged or happened", alert.state.value)
        alert.acknowledged = {**alert.acknowledged, party: alert.acknowledged.get(party, now_us)}
        if set(alert.parties) <= alert.acknowledged.keys():
            return self._move(alert, "acknowledged by all", now_us)
        return []


def _nearer(before: Nearest | None, seen: Seen, now_us: int) -> Nearest | None:
    if seen.apart_m is None or (before is not None and before.apart_m <= seen.apart_m):
        return before
    return Nearest(now_us, seen.apart_m, seen.above_m)


def alert_id(key: Key, opened_us: int, secret: bytes) -> str:
    """The same for the same pair, moment and secret; without the secret nothing of them can be tried out."""
    text = "\n".join(("wideberth/alert/2", *key, str(opened_us))).encode()
    return hashlib.blake2b(text, key=secret, digest_size=12).hexdigest()
