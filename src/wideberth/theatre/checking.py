"""What a plan would meet that nobody filed: hidden plans and registers included.

In:  the state, the asker, its command and parts, the time.
Out: an `Outcome`: the asker is told the overlaps as a conflict would show them; whose hidden plan or protected place
     it met is told who asked. Nothing is filed.
Refuses: what a plan is refused for; more than the charter's budget of checks, and, before anything is looked at, more
than its budget of checks that met something hidden.
"""

from wideberth.limits import ID_BYTES
from wideberth.party.charter import CLASSES, DAY_US, TrafficClass
from wideberth.party.command import Disclosure
from wideberth.party.registers import CheckPlan
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.space.shapes import Shapes
from wideberth.theatre.conflicts import SEVERITIES, Side, find, shown_party
from wideberth.theatre.filing import Parts, check_budget, measure, met_peers, volumes_part
from wideberth.theatre.outcome import Accepted, Effects, Item, Notice, Outcome, OverlapItem, accepted
from wideberth.theatre.places import told
from wideberth.theatre.register_items import ProbedItem, RegisterEffects
from wideberth.theatre.rows import Member, Thing
from wideberth.theatre.state import State


def decide_check_plan(state: State, member: Member, command: CheckPlan, parts: Parts, now_us: int) -> Outcome | Refusal:
    """Try a plan against everything that is live."""
    asked = _asked(state, command, parts, now_us)
    if isinstance(asked, Refusal):
        return asked
    claim = sum(asked.claims_m2_s.tolist())
    no = check_budget(state, member, claim, now_us) or _check_hits(state, member, now_us)
    if no is not None:
        return no
    row = CLASSES.index(command.traffic)
    ref, class_of = (member.party, command.plan), Disclosure.CONFLICT_ONLY
    side = Side(ref, 0, "operation", "", row, 0, 2**62, class_of, None, asked)
    found = find(state, side)
    things = [state.things[ref] for ref in found.refs]
    items: dict[str, list[Item]] = {}
    for thing, worst, spots in zip(things, found.severities, told(state, side, found)[0], strict=True):
        minima = state.minima[row].pairs[thing.class_number]
        seen = OverlapItem(command.plan, shown_party(thing), thing.what, minima, SEVERITIES[worst], spots)
        items.setdefault(member.party, []).append(seen)
        if is_hidden(member.party, thing):
            items.setdefault(thing.owner, []).append(ProbedItem(member.party, thing.id, thing.version))
    hit = any(is_hidden(member.party, thing) for thing in things)
    met = tuple(sorted(met_peers(state, member.party, found.refs)))
    effects = Effects(spent_m2_s=claim, met=met, register=RegisterEffects(hit=hit))
    result = accepted(Accepted(checked=state.minima[row].flat), effects, len(parts))
    result.notices = [(party, Notice(tuple(told_))) for party, told_ in sorted(items.items())]
    return result


def is_hidden(reader: str, thing: Thing) -> bool:
    """Whether a thing is another's and not open."""
    return thing.owner != reader and thing.disclosure != Disclosure.OPEN


def _asked(state: State, command: CheckPlan, parts: Parts, now_us: int) -> Shapes | Refusal:
    if len(command.plan) != ID_BYTES:
        return refuse(Reason.MALFORMED, "command.plan", f"{ID_BYTES} bytes", f"{len(command.plan)} bytes")
    volumes = volumes_part(parts, command.volumes, "command.volumes")
    if isinstance(volumes, Refusal):
        return volumes
    if command.traffic in (TrafficClass.CONSTRAINT, TrafficClass.PROTECTED):
        return refuse(Reason.OUT_OF_RANGE, "command.traffic", "a class that moves", command.traffic.value)
    return measure(state, volumes.volumes, now_us)


def _check_hits(state: State, member: Member, now_us: int) -> Refusal | None:
    """Before anything is looked at: a refusal for what is met would be a silent look."""
    hits = member.hits if member.day == now_us // DAY_US else 0
    if hits < state.charter.budget_hits:
        return None
    limit = f"{state.charter.budget_hits} checks a day that met something hidden; file the plan instead"
    return refuse(Reason.BUDGET, "command", limit, hits)
