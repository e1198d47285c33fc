"""Filing: a version of an operation, constraint or protected place is checked against everything live.

In:  the state, the opened command, its parts, the time, and where random ids come from.
Out: an `Outcome` with everything that apply writes and everybody's notices, or a Refusal.
"""

from collections.abc import Sequence
from typing import Final

from wideberth.limits import ID_BYTES, OPERATIONS_LIVE_MAX, OWN_PAIRS_MAX, VOLUMES_MAX
from wideberth.party.charter import CLASSES, DAY_US, TrafficClass
from wideberth.party.command import (
    About,
    Constrain,
    Disclosure,
    Part,
    Plan,
    Protect,
    Text,
    Volumes,
)
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.space.overlap import contains
from wideberth.space.shapes import Shapes, check_volumes
from wideberth.space.volume import Volume4D
from wideberth.theatre.conflicts import Side, class_number, find
from wideberth.theatre.filed import Filed, Filing
from wideberth.theatre.lifecycle import REPLANNED
from wideberth.theatre.outcome import Outcome, Ref
from wideberth.theatre.rows import Member, Thing
from wideberth.theatre.state import Draw, State

Parts = Sequence[tuple[Part, bytes]]
"""The opened attached parts, each with its commitment."""
M2_S_PER_KM2_H: Final = 3_600_000_000


def volumes_part(parts: Parts, index: int, field: str) -> Volumes | Refusal:
    """The volumes that a command points to."""
    if 0 <= index < len(parts):
        part = parts[index][0]
        if isinstance(part, Volumes):
            return part
    return refuse(Reason.PARTS_MISMATCH, field, "the place of a volumes part among the attached parts", index)


def about_part(parts: Parts, index: int | None, field: str) -> Refusal | None:
    """Refuse a pointer that is not to a description; None is no pointer."""
    if index is None or (0 <= index < len(parts) and isinstance(parts[index][0], About)):
        return None
    return refuse(Reason.PARTS_MISMATCH, field, "the place of an about part among the attached parts", index)


def text_part(parts: Parts, index: int | None, field: str) -> Refusal | None:
    """Refuse a pointer that is not to a text; None is no pointer."""
    if index is None or (0 <= index < len(parts) and isinstance(parts[index][0], Text)):
        return None
    return refuse(Reason.PARTS_MISMATCH, field, "the place of a text part among the attached parts", index)


def decide_filing(
    state: State, member: Member, command: Plan | Constrain | Protect, parts: Parts, now_us: int, draw: Draw
) -> Outcome | Refusal:
    """A new operation, constraint or protected place, or its next version."""
    filing = _filing(state, member, command, parts, now_us)
    if isinstance(filing, Refusal):
        return filing
    return file_version(state, member, filing, now_us, draw, attached=len(parts))


def _filing(
    state: State, member: Member, command: Plan | Constrain | Protect, parts: Parts, now_us: int
) -> Filing | Refusal:
    thing_id = _id_of(command)
    if len(thing_id) != ID_BYTES:
        return refuse(Reason.MALFORMED, "command.id", f"{ID_BYTES} bytes", f"{len(thing_id)} bytes")
    volumes = volumes_part(parts, command.volumes, "command.volumes")
    about = about_part(parts, command.about, "command.about")
    pointer = command.shared if isinstance(command, Plan) else None
    for no in (volumes, about, text_part(parts, pointer, "command.shared")):
        if isinstance(no, Refusal):
            return no
    assert isinstance(volumes, Volumes)
    shared = parts[pointer][1] if pointer is not None else None
    ref = (member.party, thing_id)
    what = _what_of(command)
    old = _replaced(state, ref, command.replaces, what)
    if isinstance(old, Refusal):
        return old
    shapes = measure(state, volumes.volumes, now_us)
    if isinstance(shapes, Refusal):
        return shapes
    no = _check_rank(state, member, command)
    if no is not None:
        return no
    side = _side(command, ref, command.replaces + 1, shared, shapes, state.size)
    return Filing(side, command.replaces, confirm_by(state, volumes.volumes, what, now_us))


def _id_of(command: Plan | Constrain | Protect) -> bytes:
    match command:
        case Plan():
            return command.operation
        case Constrain():
            return command.constraint
        case Protect():
            return command.place


def _what_of(command: Plan | Constrain | Protect) -> str:
    return {Plan: "operation", Constrain: "constraint", Protect: "protected"}[type(command)]


def _side(
    command: Plan | Constrain | Protect,
    ref: Ref,
    version: int,
    shared: bytes | None,
    shapes: Shapes,
    sequence: int,
) -> Side:
    match command:
        case Plan():
            number = class_number(command.domain, command.crewed)
            kind, priority, disclosure = command.activity.value, command.priority, command.disclosure.value
        case Constrain():
            number = CLASSES.index(TrafficClass.CONSTRAINT)
            kind, priority, disclosure = command.kind.value, 0, Disclosure.OPEN.value
        case Protect():
            number = CLASSES.index(TrafficClass.PROTECTED)
            kind, priority, disclosure = command.kind.value, 0, Disclosure.CONFLICT_ONLY.value
    what = _what_of(command)
    return Side(ref, version, what, kind, number, priority, sequence, disclosure, shared, shapes)


def _replaced(state: State, ref: Ref, replaces: int, what: str) -> Thing | Refusal | None:
    old = state.things.get(ref)
    if replaces == 0:
        return None if old is None else refuse(Reason.EXISTS, "command.replaces", f"its version {old.version}", 0)
    if old is None or old.what != what:
        return refuse(Reason.UNKNOWN, "command.id", f"a {what} of yours", ref[1].hex())
    if old.state not in REPLANNED:
        return refuse(Reason.WRONG_STATE, "command.id", "a plan that has not ended", old.state.value)
    if old.version != replaces:
        return refuse(Reason.STALE_VERSION, "command.replaces", f"the current version {old.version}", replaces)
    return old


def measure(state: State, volumes: tuple[Volume4D, ...], now_us: int) -> Shapes | Refusal:
    """Measure volumes; refuses those that break a limit or lie outside the theatre or its horizon."""
    if not 1 <= len(volumes) <= VOLUMES_MAX:
        return refuse(Reason.OUT_OF_RANGE, "volumes", f"1 to {VOLUMES_MAX} volumes", len(volumes))
    return check_volumes(volumes, now_us, state.charter.horizon_us, state.charter.bounds_nd)


def _check_rank(state: State, member: Member, command: Plan | Constrain | Protect) -> Refusal | None:
    new = command.replaces == 0
    if new and member.live >= OPERATIONS_LIVE_MAX:
        return refuse(Reason.CLAIM, "command", f"at most {OPERATIONS_LIVE_MAX} live things a party", member.live)
    if isinstance(command, Plan):
        granted = state.charter.priority_of(member.party)
        if not 0 <= command.priority <= granted:
            return refuse(Reason.PRIORITY, "command.priority", f"0 to {granted} for {member.party}", command.priority)
    return None


def confirm_by(state: State, volumes: tuple[Volume4D, ...], what: str, now_us: int) -> int:
    """By when a plan must be confirmed; 0 where it starts before."""
    start = min(v.start_us for v in volumes)
    due = now_us + state.charter.confirm_us
    return due if what == "operation" and due < start else 0


def file_version(
    state: State, payer: Member, filing: Filing, now_us: int, draw: Draw, attached: int
) -> Outcome | Refusal:
    """Check a version against everything live; refuses past the claim or the budget."""
    side = filing.side
    owner = state.members[side.party]
    claim = sum(side.shapes.claims_m2_s.tolist())
    old = state.things.get(side.ref) if filing.replaces else None
    no = _check_accounts(state, owner, payer, claim, old, now_us)
    if no is not None:
        return no
    contained = old is not None and lies_inside(side, old, state.volumes_of(old.ref))
    if contained and old is not None:
        side.later_seq = old.later_seq
    found = find(state, side)
    own = sum(ref[0] == side.party for ref in found.refs)
    if own > OWN_PAIRS_MAX:
        return refuse(Reason.CLAIM, "volumes", f"at most {OWN_PAIRS_MAX} plans of one's own in one place", own)
    met = met_peers(state, payer.party, found.refs)
    if side.version >= 2**31:
        return refuse(Reason.OUT_OF_RANGE, "command.replaces", "below 2^31", side.version)
    paid_by = payer.party if payer.party != side.party else ""
    accounts = (claim, paid_by, tuple(sorted(met)))
    return Filed(state, filing, contained, now_us, draw).outcome(found, accounts, attached)


def _check_accounts(
    state: State, owner: Member, payer: Member, claim: int, old: Thing | None, now_us: int
) -> Refusal | None:
    charter = state.charter
    held = owner.claim_m2_s - (old.claim_m2_s if old is not None else 0)
    if held + claim > charter.claim_km2_h * M2_S_PER_KM2_H:
        limit = f"{charter.claim_km2_h} km2 x h live a party, {held // M2_S_PER_KM2_H} in use"
        return refuse(Reason.CLAIM, "volumes", limit, f"{claim // M2_S_PER_KM2_H} km2 x h more")
    return check_budget(state, payer, claim, now_us)


def check_budget(state: State, payer: Member, claim: int, now_us: int) -> Refusal | None:
    """Refuse a check that the charter's budget of the day does not hold; `claim` in m2 x s."""
    charter = state.charter
    same_day = payer.day == now_us // DAY_US
    spent, checks = (payer.spent_m2_s, payer.checks) if same_day else (0, 0)
    if spent + claim > charter.budget_km2_h * M2_S_PER_KM2_H:
        limit = f"{charter.budget_km2_h} km2 x h checked a day, {spent // M2_S_PER_KM2_H} spent"
        return refuse(Reason.BUDGET, "volumes", limit, f"{claim // M2_S_PER_KM2_H} km2 x h more")
    if checks >= charter.budget_checks:
        return refuse(Reason.BUDGET, "command", f"{charter.budget_checks} checks a day", checks + 1)
    if same_day and len(payer.peers) >= charter.budget_peers:
        limit = f"{charter.budget_peers} distinct parties met in hidden plans a day"
        return refuse(Reason.BUDGET, "command", limit, len(payer.peers))
    return None


def met_peers(state: State, party: str, refs: Sequence[Ref]) -> set[str]:
    """Owners of hidden plans among things; a private plan counts for itself, or the count would tell whose it is.

    They are counted after they were told, never before: a refusal for their number would be a silent look.
    """
    hidden = (ref for ref in refs if ref[0] != party and state.things[ref].disclosure != Disclosure.OPEN)
    private = Disclosure.PRIVATE
    return {f"~{ref[1].hex()}" if state.things[ref].disclosure == private else ref[0] for ref in hidden}


def lies_inside(side: Side, old: Thing, old_volumes: Sequence[Volume4D]) -> bool:
    """Whether every new volume lies inside one of the old, and nothing else got heavier."""
    if side.class_number != old.class_number or side.priority > old.priority or side.disclosure != old.disclosure:
        return False
    return all(any(_inside(new, was) for was in old_volumes) for new in side.volumes)


def _inside(new: Volume4D, old: Volume4D) -> bool:
    in_time = old.start_us <= new.start_us and new.end_us <= old.end_us
    in_band = old.lower_mm <= new.lower_mm and new.upper_mm <= old.upper_mm
    return in_time and in_band and contains(old.outline, new.outline)
