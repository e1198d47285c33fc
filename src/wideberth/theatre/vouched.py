"""What came by token: who it is, what it says, and whether it was said before.

In:  the state, a `Vouch` of the node, its opened parts, the time, where random ids come from.
Out: an `Outcome` or a Refusal.
Refuses: issuers that the charter does not name. A supplier becomes a party with the first thing that it writes.
"""

from typing import Final

from wideberth.limits import PARTIES_MAX
from wideberth.party.identity import Role, RootSet
from wideberth.party.standard import (
    DropReference,
    PutReference,
    Report,
    SetAvailability,
    Subscribe,
    Supplier,
    Unsubscribe,
    Vouch,
    opaque_of,
)
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.theatre.admission import to_all
from wideberth.theatre.filing import Parts, text_part
from wideberth.theatre.outcome import Accepted, Effects, Item, MemberItem, Notice, Outcome, Written, accepted
from wideberth.theatre.references import decide_drop, decide_put
from wideberth.theatre.rows import Member
from wideberth.theatre.state import Draw, State
from wideberth.theatre.subscriptions import decide_subscribe, decide_unsubscribe

NO_ROOT: Final = RootSet((), 0)


def decide_vouched(state: State, vouch: Vouch, parts: Parts, now_us: int, draw: Draw) -> Outcome | Refusal:
    """Answer what a token brought."""
    member = supplier(state, vouch.supplier, now_us)
    if isinstance(member, Refusal):
        return member
    result = _dispatch(state, member, vouch, parts, now_us, draw)
    if not isinstance(result, Refusal) and result.refusal is None and member.party not in state.members:
        _tell(result, dict(to_all(state, MemberItem("joined", member.party), (member.party,))))
    return result


def _dispatch(state: State, member: Member, vouch: Vouch, parts: Parts, now_us: int, draw: Draw) -> Outcome | Refusal:
    match vouch.command:
        case PutReference() as command:
            return decide_put(state, member, vouch, command, parts, now_us, draw)
        case DropReference() as command:
            return decide_drop(state, member, command)
        case Subscribe() as command:
            return decide_subscribe(state, member, command, parts, now_us)
        case Unsubscribe() as command:
            return decide_unsubscribe(state, member, command)
        case SetAvailability() as command:
            return _set_availability(state, vouch, command)
        case Report(text):
            return text_part(parts, text, "report") or accepted(Accepted(), Effects(), len(parts))


def supplier(state: State, who: Supplier, now_us: int) -> Member | Refusal:
    """The party behind a token: as it stands, or as it will when it has written something."""
    if who.issuer not in state.charter.issuers:
        return refuse(Reason.NOT_PERMITTED, "token.iss", "an issuer that the theatre's charter names", who.issuer)
    member = state.members.get(who.party)
    if member is None:
        if len(state.members) >= PARTIES_MAX:
            return refuse(Reason.TOO_MANY, "token.sub", f"at most {PARTIES_MAX} parties", len(state.members) + 1)
        return new_supplier(who, now_us, state.size)
    if (member.issuer, member.name) != (who.issuer, who.subject):
        return refuse(Reason.NOT_PERMITTED, "token.sub", f"a subject whose code {who.party} nobody else has")
    return member


def new_supplier(who: Supplier, now_us: int, sequence: int) -> Member:
    """A supplier's row when it enters."""
    return Member(who.party, who.subject, Role.SUPPLIER, NO_ROOT, {}, (), now_us, sequence, issuer=who.issuer)


def _tell(result: Outcome, more: dict[str, Notice]) -> None:
    """Add items to what the parties are told, before what they were to be told."""
    items: dict[str, tuple[Item, ...]] = {party: notice.items for party, notice in more.items()}
    for party, notice in result.notices:
        items[party] = (*items.get(party, ()), *notice.items)
    result.notices = [(party, Notice(told)) for party, told in sorted(items.items())]


def _set_availability(state: State, vouch: Vouch, command: SetAvailability) -> Outcome | Refusal:
    """An arbiter's word; the supplier is told, if it is known here."""
    old = state.availability.get(command.uss)
    current = old.version if old is not None else ""
    if command.replaces != current:
        return refuse(Reason.STALE_VERSION, "old_version", f'the current version "{current}"', command.replaces)
    version = opaque_of("availability", vouch.request, current)
    written = Written(version, 0, command.availability.value, 0, 0, "")
    result = accepted(Accepted(written=written), Effects())
    concerned = [m.party for m in state.members.values() if m.issuer and m.name == command.uss]
    result.notices = [(p, Notice((MemberItem(f"availability {command.availability.value}", p),))) for p in concerned]
    return result


def standing_answer(state: State, vouch: Vouch) -> int | None:
    """The entry that answered this very request, where its result still stands."""
    command = vouch.command
    row: object = None
    match command:
        case PutReference(kind, entity) | DropReference(kind, entity):
            row = state.references.get((kind, entity))
        case Subscribe(_, subscription) | Unsubscribe(_, subscription):
            row = state.subscriptions.get(subscription)
        case SetAvailability(uss):
            row = state.availability.get(uss)
    request, sequence = getattr(row, "request", b""), getattr(row, "sequence", 0)
    return sequence if request == vouch.request else None
