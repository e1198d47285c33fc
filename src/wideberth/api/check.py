"""A dry run: what plans would meet among the asker's own and the open ones. Nothing is filed, spent or recorded.

In:  GeoJSON or F3548 JSON, as `intake.plans` reads it.
Out: for each plan what it would come too near to, what it was checked against, and as of which position.
Refuses: what cannot be read or breaks a limit, with its path; more plans than one request may have; a second check of
     a party while its first runs. Plans are read in a thread, one document at a time, while the node goes on.
Hidden plans and protected places of others are not asked, so "no known conflict" says nothing of them.
"""

import asyncio
import hashlib
from uuid import UUID

from wideberth.api.call import Call
from wideberth.api.reads import as_of
from wideberth.intake.bounds import Bounds
from wideberth.intake.operation import PlannedOperation
from wideberth.intake.plans import read_plans
from wideberth.limits import BODY_BYTES_MAX, CHECK_OPERATIONS_MAX
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.space.units import mm_to_m
from wideberth.theatre.filing import measure
from wideberth.theatre.options import Met, meetings, plan_side
from wideberth.theatre.shown import AsOf, Shown

MEDIA = ("application/json", "application/geo+json")
CHECKED = (
    "Checked against your own live plans and protected places, the open plans and the constraints, with the charter's "
    "minima; hidden plans and protected places of others were not asked."
)


class Note(Shown, frozen=True):
    """Something that was assumed on the way in."""

    code: str
    text: str


class CheckedPlan(Shown, frozen=True):
    """One plan and what it would meet."""

    as_of: AsOf
    id: str
    traffic_class: str
    accuracy_m: float
    notes: tuple[Note, ...]
    met: tuple[Met, ...]
    statement: str


class Dry(Shown, frozen=True):
    """The answer to a dry run."""

    operations: tuple[CheckedPlan, ...]
    checked: str


async def check(call: Call) -> Dry | Refusal:
    """Read plans and try them out, one check of a party at a time."""
    data = await call.body(MEDIA)
    if isinstance(data, Refusal):
        return data
    running: set[str] = call.request.app.state.checking
    if call.party in running:
        return refuse(Reason.TOO_MANY, "checks", "one check of a party at a time", "one more")
    running.add(call.party)
    try:
        return await _check(call, data)
    finally:
        running.discard(call.party)


async def _check(call: Call, data: bytes) -> Dry | Refusal:
    """Read in a thread, then try each plan in a turn of its own."""
    theatre = Bounds(*call.node.state.charter.bounds_nd)
    async with call.request.app.state.reading:
        plans = await asyncio.to_thread(read_plans, data, theatre=theatre, bytes_max=BODY_BYTES_MAX)
    if isinstance(plans, Refusal):
        return plans
    if len(plans) > CHECK_OPERATIONS_MAX:
        return refuse(Reason.TOO_MANY, "body", f"at most {CHECK_OPERATIONS_MAX} plans at once", len(plans))
    found: list[CheckedPlan] = []
    for plan in plans:
        tried = await call.read(lambda plan=plan: _try(call, plan))  # type: ignore[misc]
        if isinstance(tried, Refusal):
            return tried
        found.append(tried)
    return Dry(tuple(found), CHECKED)


def _try(call: Call, plan: PlannedOperation) -> CheckedPlan | Refusal:
    node = call.node
    shapes = measure(node.state, plan.volumes, node.now_us())
    if isinstance(shapes, Refusal):
        return refuse(shapes.reason, f"{plan.id}.{shapes.field}", shapes.limit, shapes.received)
    side = plan_side(call.party, _id_of(plan.id), plan.kind, plan.priority, shapes)
    met = tuple(meetings(node.state, call.party, side))
    count = "No known conflict" if not met else f"{len(met)} known"
    notes = tuple(Note(note.code, note.text) for note in plan.notes)
    said = f"{count}. {CHECKED}"
    return CheckedPlan(as_of(node), plan.id, plan.kind, mm_to_m(plan.accuracy_mm), notes, met, said)


def _id_of(name: str) -> bytes:
    """The id under which a plan may be filed already, so that it does not meet itself."""
    try:
        return UUID(name).bytes
    except ValueError:
        return hashlib.sha256(name.encode()).digest()[:16]
