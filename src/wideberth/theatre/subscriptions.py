"""Subscriptions of ASTM F3548-21 and F3411-22a: made, changed, ended.

In:  the state, the supplier, its command and volumes, the time.
Out: an `Outcome` or a Refusal. Who hears of a write is `awareness`.
"""

from collections.abc import Sequence

from wideberth.limits import (
    RID_SUBSCRIPTIONS_MAX,
    SUBSCRIPTION_US_MAX,
    SUBSCRIPTIONS_IN_PLACE_MAX,
    SUBSCRIPTIONS_MAX,
)
from wideberth.party.standard import Standard, Subscribe, Unsubscribe, opaque_of
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.space.overlap import contains
from wideberth.space.shapes import Shapes
from wideberth.space.volume import Volume4D
from wideberth.theatre.filing import Parts, measure, volumes_part
from wideberth.theatre.occupied import EXACT
from wideberth.theatre.outcome import Accepted, Effects, Outcome, Written, accepted
from wideberth.theatre.rows import Member, Subscription
from wideberth.theatre.state import State


def packed(shapes: Shapes) -> bytes:
    """Boxes as an entry holds them."""
    return shapes.boxes.astype("<i8", copy=False).tobytes()


def standing(state: State, standard: Standard, subscription: bytes) -> Subscription | None:
    """A subscription that has not ended."""
    row = state.subscriptions.get(subscription)
    return row if row is not None and row.standard is standard and not row.dropped_us else None


def decide_subscribe(state: State, member: Member, command: Subscribe, parts: Parts, now_us: int) -> Outcome | Refusal:
    """A new subscription, or its next version."""
    part = volumes_part(parts, command.volumes, "extents")
    shapes = part if isinstance(part, Refusal) else measure(state, part.volumes, now_us)
    if isinstance(shapes, Refusal):
        return shapes
    assert not isinstance(part, Refusal)
    old = _replaced(state, member, command)
    no = _check_window(part.volumes)
    for found in (no, old):
        if isinstance(found, Refusal):
            return found
    assert not isinstance(old, Refusal)
    no = _check_count(state, member, command, shapes, old) or _check_dependents(state, old, part.volumes)
    if no is not None:
        return no
    version = opaque_of("version", parts[command.volumes][1], command.subscription)
    start_us, end_us = span(part.volumes)
    written = Written(version, 0, "", start_us, end_us, command.url)
    effects = Effects(spent_m2_s=sum(shapes.claims_m2_s.tolist()), watched=packed(shapes))
    result = accepted(Accepted(written=written), effects, len(parts))
    result.shapes = shapes
    return result


def _replaced(state: State, member: Member, command: Subscribe) -> Subscription | Refusal | None:
    row = state.subscriptions.get(command.subscription)
    if row is None or row.dropped_us:
        if command.replaces:
            return refuse(Reason.UNKNOWN, "subscriptionid", "a subscription that there is", command.subscription.hex())
        return None
    no = _check_owner(row, member, command.standard)
    if no is not None:
        return no
    if not command.replaces:
        return refuse(Reason.EXISTS, "subscriptionid", "a new id, or its version in the path", row.version)
    if row.version != command.replaces:
        return refuse(Reason.STALE_VERSION, "version", f"the current version {row.version}", command.replaces)
    if row.implicit:
        limit = "a subscription of its own: this one is implicit and follows its operational intent"
        return refuse(Reason.WRONG_STATE, "subscriptionid", limit)
    return row


def _check_owner(row: Subscription, member: Member, standard: Standard) -> Refusal | None:
    if row.owner != member.party:
        return refuse(Reason.NOT_YOURS, "subscriptionid", "a subscription of the token's own subject")
    if row.standard is not standard:
        return refuse(Reason.EXISTS, "subscriptionid", f"an id that no subscription of {row.standard} has")
    return None


def span(volumes: Sequence[Volume4D]) -> tuple[int, int]:
    """First start and last end."""
    return min(v.start_us for v in volumes), max(v.end_us for v in volumes)


def _check_window(volumes: Sequence[Volume4D]) -> Refusal | None:
    start_us, end_us = span(volumes)
    if end_us - start_us > SUBSCRIPTION_US_MAX:
        limit = f"a subscription of at most {SUBSCRIPTION_US_MAX // 3_600_000_000} h"
        return refuse(Reason.OUT_OF_RANGE, "time_end", limit, f"{(end_us - start_us) / 3_600_000_000:.6f} h")
    return None


def _check_count(
    state: State, member: Member, command: Subscribe, shapes: Shapes, old: Subscription | None
) -> Refusal | None:
    if old is None and member.watching >= SUBSCRIPTIONS_MAX:
        return refuse(Reason.TOO_MANY, "subscriptions", f"at most {SUBSCRIPTIONS_MAX} of one supplier", member.watching)
    if command.standard is not Standard.F3411:
        refs = state.watched[command.standard].about(shapes, state.awareness) if old is None else []
        return check_in_place(sum(state.subscriptions[row_id].owner == member.party for _, row_id in refs))
    refs = state.watched[Standard.F3411].near(shapes, EXACT).refs
    rows = [state.subscriptions[row_id] for _, row_id in refs if row_id != command.subscription]
    own = sum(row.owner == member.party for row in rows)
    if own >= RID_SUBSCRIPTIONS_MAX:
        limit = f"at most {RID_SUBSCRIPTIONS_MAX} live ones of one owner in an area"
        return refuse(Reason.TOO_MANY, "subscriptions", limit, own + 1)
    return None


def check_in_place(there: int) -> Refusal | None:
    """Refuse one more where a supplier has so many that every write of that place would be slowed by naming them."""
    if there < SUBSCRIPTIONS_IN_PLACE_MAX:
        return None
    limit = f"at most {SUBSCRIPTIONS_IN_PLACE_MAX} live ones of one supplier in a place; let intents share one"
    return refuse(Reason.TOO_MANY, "subscriptions", limit, there + 1)


def _check_dependents(state: State, old: Subscription | None, volumes: Sequence[Volume4D]) -> Refusal | None:
    """A subscription goes on covering the intents that rest on it."""
    for entity in old.dependents if old is not None else ():
        assert old is not None
        if not covers(volumes, state.volumes_of((old.owner, entity))):
            return refuse(Reason.NOT_COVERED, "extents", "the intents that rest on this subscription", entity.hex())
    return None


def covers(watched: Sequence[Volume4D], volumes: Sequence[Volume4D]) -> bool:
    """Whether every volume lies inside one that is watched: outline, altitudes and time."""
    return all(any(_inside(volume, outer) for outer in watched) for volume in volumes)


def _inside(volume: Volume4D, outer: Volume4D) -> bool:
    in_time = outer.start_us <= volume.start_us and volume.end_us <= outer.end_us
    in_band = outer.lower_mm <= volume.lower_mm and volume.upper_mm <= outer.upper_mm
    return in_time and in_band and contains(outer.outline, volume.outline)


def decide_unsubscribe(state: State, member: Member, command: Unsubscribe) -> Outcome | Refusal:
    """A subscription ends."""
    row = state.subscriptions.get(command.subscription)
    if row is None or row.deleted or row.standard is not command.standard:
        return refuse(Reason.UNKNOWN, "subscriptionid", "a subscription that there is", command.subscription.hex())
    no = _check_owner(row, member, command.standard)
    if no is not None:
        return no
    if row.version != command.replaces:
        return refuse(Reason.STALE_VERSION, "version", f"the current version {row.version}", command.replaces)
    if row.dependents:
        limit = "a subscription that no operational intent rests on"
        return refuse(Reason.WRONG_STATE, "subscriptionid", limit, f"{len(row.dependents)} do")
    written = Written(row.version, 0, "", row.start_us, row.end_us, row.url)
    return accepted(Accepted(written=written), Effects())
