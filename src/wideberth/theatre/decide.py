"""One command, one answer.

In:  the state, an envelope whose signatures hold, its opened parts, the time, the ledger behind it (`History`), and
     where random ids come from.
Out: an `Outcome`: accepted with all that apply writes and everybody's notices, or refused with one reason.
`authenticate` comes before: what it refuses is no entry, since nobody is known to have said it.

Order of precedence: theatre, party, key, signature; then revoked, expired, not permitted; not_after; fork; id;
then what the command itself says.
"""

from collections.abc import Callable
from typing import Protocol

from wideberth.limits import NOT_AFTER_US_MAX
from wideberth.party.alerts import AlertCommand, Warned
from wideberth.party.command import (
    NODE_COMMANDS,
    ROOT_COMMANDS,
    Accept,
    AcceptRisk,
    Concur,
    Confirm,
    Constrain,
    Decline,
    Due,
    Erase,
    GrantKey,
    Invite,
    Leave,
    Lift,
    NodeCommand,
    Object,
    Plan,
    Propose,
    ProposeCharter,
    Protect,
    RevokeKey,
    SetState,
    SignHead,
    Withdraw,
    tag_of,
)
from wideberth.party.envelope import Envelope
from wideberth.party.hotline import Delivered, HotlineCommand, Stop
from wideberth.party.identity import RootSet
from wideberth.party.registers import RegisterCommand
from wideberth.party.standard import Vouch
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.theatre.admission import (
    decide_accept,
    decide_decline,
    decide_grant,
    decide_invite,
    decide_leave,
    decide_propose_charter,
    decide_revoke,
    invitation_for,
    may_say,
)
from wideberth.theatre.alerts import decide_alert, decide_warned
from wideberth.theatre.dues import decide_due
from wideberth.theatre.filing import Parts, decide_filing
from wideberth.theatre.hotline_command import decide_hotline
from wideberth.theatre.hotline_routes import decide_delivered
from wideberth.theatre.outcome import Accepted, Effects, Outcome, accepted, refused
from wideberth.theatre.planning import decide_confirm, decide_lift, decide_state
from wideberth.theatre.register_command import decide_register
from wideberth.theatre.registers import decide_constrain, decide_protect
from wideberth.theatre.rows import Member
from wideberth.theatre.settlement import (
    decide_accept_risk,
    decide_concur,
    decide_object,
    decide_propose,
    decide_withdraw,
)
from wideberth.theatre.state import Draw, State
from wideberth.theatre.vouched import decide_vouched


class Past(Protocol):
    """What deciding may ask of an earlier entry."""

    @property
    def party(self) -> str:
        """Who sent it."""

    @property
    def mover(self) -> str:
        """Whose plan it moved; the sender where it moved none."""

    @property
    def attached(self) -> int:
        """How many parts its envelope attached."""

    @property
    def derived(self) -> int:
        """How many parts the sequencer made, effects first."""

    @property
    def commitments(self) -> tuple[bytes, ...]:
        """Of all its parts."""


class History(Protocol):
    """What deciding may ask of the ledger behind the state."""

    def root_at(self, size: int) -> bytes | None:
        """The tree's root at a size, or None past the end."""

    def head_at(self, party: str, number: int) -> bytes | None:
        """The head of a party's notice chain at a number, or None past the end."""

    def past(self, sequence: int) -> Past | None:
        """An earlier entry, or None past the end."""


def authenticate(state: State, envelope: Envelope, holds: Callable[[], Refusal | None]) -> Refusal | None:
    """Refuse what nobody of this theatre is known to have said. `holds` checks the signatures, last and costly."""
    if envelope.genesis != state.genesis:
        return refuse(Reason.WRONG_THEATRE, "envelope.genesis", state.genesis.hex(), envelope.genesis.hex())
    command = envelope.command
    if isinstance(command, (*NODE_COMMANDS, Vouch)):
        return refuse(Reason.NOT_PERMITTED, "envelope.command", "a command of a party", tag_of(command))
    if isinstance(command, Accept | Decline):
        invitation = invitation_for(state, envelope.party, command.root)
        if isinstance(invitation, Refusal):
            return invitation
        return _root_signs(command.root, envelope) or holds()
    member = state.active(envelope.party)
    if member is None:
        return refuse(Reason.UNKNOWN_PARTY, "envelope.party", "a party of this theatre", envelope.party)
    if isinstance(command, ROOT_COMMANDS):
        return _root_signs(member.root, envelope) or holds()
    if len(envelope.keys) != 1 or envelope.keys[0] not in member.keys:
        return refuse(Reason.UNKNOWN_KEY, "envelope.keys", f"one watch key of {member.party}", envelope.keys[0].hex())
    return holds()


def check_vouch(state: State, envelope: Envelope, holds: Callable[[], Refusal | None]) -> Refusal | None:
    """Refuse the node's word for a supplier unless this theatre's node gave it, for the code that follows from it."""
    vouch = envelope.command
    assert isinstance(vouch, Vouch)
    if envelope.genesis != state.genesis or envelope.keys != (state.node_key,):
        return refuse(Reason.UNKNOWN_KEY, "envelope.keys", "the key of this theatre's node", envelope.keys[0].hex())
    if envelope.party != vouch.supplier.party:
        return refuse(Reason.UNKNOWN_PARTY, "envelope.party", vouch.supplier.party, envelope.party)
    return holds()


def _root_signs(root: RootSet, envelope: Envelope) -> Refusal | None:
    if not set(envelope.keys) <= set(root.keys):
        return refuse(Reason.UNKNOWN_KEY, "envelope.keys", "keys of the party's root", envelope.keys[0].hex())
    if len(envelope.keys) < root.threshold:
        return refuse(Reason.NOT_PERMITTED, "envelope.keys", f"{root.threshold} keys of the root", len(envelope.keys))
    return None


def decide(state: State, envelope: Envelope, parts: Parts, now_us: int, history: History, draw: Draw) -> Outcome:
    """Answer an authenticated command. `parts` are those attached, opened, with their commitments."""
    if isinstance(envelope.command, Vouch):
        found = decide_vouched(state, envelope.command, parts, now_us, draw)
        return refused(found) if isinstance(found, Refusal) else found
    no = _check_key(state, envelope, now_us) or _check_envelope(state, envelope, now_us, history)
    if no is not None:
        return refused(no)
    result = _dispatch(state, envelope, parts, now_us, history, draw)
    return refused(result) if isinstance(result, Refusal) else result


def decide_node(state: State, command: NodeCommand, now_us: int) -> Outcome:
    """Answer a command of the sequencer's own."""
    if isinstance(command, Due):
        result = decide_due(state, command, now_us)
        return refused(result) if isinstance(result, Refusal) else result
    if isinstance(command, Delivered):
        return decide_delivered(state, command)
    if isinstance(command, Warned):
        return decide_warned(state, command)
    return accepted(Accepted(), Effects())


def _check_key(state: State, envelope: Envelope, now_us: int) -> Refusal | None:
    command = envelope.command
    if isinstance(command, Accept | Decline):
        return None
    member = state.active(envelope.party)
    if member is None:
        return refuse(Reason.UNKNOWN_PARTY, "envelope.party", "a party that has not left", envelope.party)
    if isinstance(command, ROOT_COMMANDS):
        return None
    row = member.keys[envelope.keys[0]]
    if row.revoked_us:
        return refuse(Reason.KEY_REVOKED, "envelope.keys", "a live watch key", envelope.keys[0].hex()[:16])
    if isinstance(command, Stop):
        return None  # whoever sees it may say it; whether on watch is shown beside it
    if row.grant.expires_us <= now_us:
        return refuse(Reason.KEY_EXPIRED, "envelope.keys", f"before {row.grant.expires_us}", now_us)
    if not may_say(member.role, row.grant, tag_of(command)):
        return refuse(Reason.NOT_PERMITTED, "envelope.command", "a command that the key is granted", tag_of(command))
    return None


def _check_envelope(state: State, envelope: Envelope, now_us: int, history: History) -> Refusal | None:
    if envelope.not_after_us < now_us:
        return refuse(Reason.PAST_NOT_AFTER, "envelope.not_after_us", f"at or after {now_us}", envelope.not_after_us)
    if envelope.not_after_us > now_us + NOT_AFTER_US_MAX:
        limit = f"within {NOT_AFTER_US_MAX // 1_000_000} s from now"
        return refuse(Reason.NOT_AFTER_TOO_FAR, "envelope.not_after_us", limit, envelope.not_after_us)
    size, root = envelope.seen
    if not isinstance(envelope.command, Stop) and size and history.root_at(size) != root:
        return refuse(Reason.FORKED, "envelope.seen", f"the root of this ledger at size {size}", root.hex())
    if (envelope.party, envelope.command_id) in state.seen:
        return refuse(Reason.ID_REUSED, "envelope.command_id", "a new id for other bytes", envelope.command_id.hex())
    return None


def _dispatch(
    state: State, envelope: Envelope, parts: Parts, now_us: int, history: History, draw: Draw
) -> Outcome | Refusal:
    member = state.members.get(envelope.party)
    command = envelope.command
    if isinstance(command, Accept):
        return decide_accept(state, envelope, command)
    if isinstance(command, Decline):
        return decide_decline(state, envelope, command)
    assert member is not None, "authenticated"
    if isinstance(command, HotlineCommand):
        return decide_hotline(state, member, envelope.keys[0], command, parts, now_us)
    if isinstance(command, AlertCommand):
        return decide_alert(state, member, command, parts, now_us)
    if isinstance(command, RegisterCommand):
        return decide_register(state, member, envelope.keys[0], command, parts, now_us, draw)
    match command:
        case Plan():
            return decide_filing(state, member, command, parts, now_us, draw)
        case Constrain():
            return decide_constrain(state, member, command, parts, now_us, draw)
        case Protect():
            return decide_protect(state, member, command, parts, now_us, draw)
        case Confirm():
            return decide_confirm(state, member, command, now_us)
        case SetState():
            return decide_state(state, member, command)
        case Lift():
            return decide_lift(state, member, command)
        case Propose():
            return decide_propose(state, member, command, parts, now_us)
        case Concur():
            return decide_concur(state, member, command, now_us, draw)
        case Object():
            return decide_object(state, member, command, parts)
        case Withdraw():
            return decide_withdraw(state, member, command)
        case AcceptRisk():
            return decide_accept_risk(state, member, command, parts)
        case SignHead():
            return _sign_head(member, command, history)
        case Erase():
            return _erase(state, member, command, history)
    return _membership(state, member, envelope, now_us)


def _membership(state: State, member: Member, envelope: Envelope, now_us: int) -> Outcome | Refusal:
    match envelope.command:
        case Invite() as command:
            return decide_invite(state, member, command, now_us)
        case Leave():
            return decide_leave(state, member)
        case GrantKey() as command:
            return decide_grant(state, member, command, now_us)
        case RevokeKey() as command:
            return decide_revoke(state, member, command, now_us)
        case ProposeCharter() as command:
            return decide_propose_charter(state, member, command)
        case _ as other:
            raise AssertionError(f"no such command: {other}")


def _sign_head(member: Member, command: SignHead, history: History) -> Outcome | Refusal:
    if not member.signed < command.number <= member.notices:
        limit = f"above {member.signed}, at most {member.notices}"
        return refuse(Reason.OUT_OF_RANGE, "command.number", limit, command.number)
    head = history.head_at(member.party, command.number)
    if head != command.head:
        limit = f"the head of your chain at {command.number}"
        return refuse(Reason.FORKED, "command.head", limit, command.head.hex())
    return accepted(Accepted(), Effects())


def _erase(state: State, member: Member, command: Erase, history: History) -> Outcome | Refusal:
    """Parts of own entries, never what others were told; volumes and places once nothing lives there.

    What the sequencer made belongs to whose plan moved, which need not be who sent the command.
    """
    past = history.past(command.sequence)
    effects = 2 + past.attached if past is not None else 0
    if past is None or member.party != (past.party if command.part < effects else past.mover):
        return refuse(Reason.UNKNOWN, "command.sequence", "an entry of yours", command.sequence)
    if not 2 <= command.part < effects + past.derived or command.part == effects:
        limit = "an attached part, places or volumes"
        return refuse(Reason.OUT_OF_RANGE, "command.part", limit, command.part)
    if past.commitments[command.part] != command.commitment:
        return refuse(Reason.PARTS_MISMATCH, "command.commitment", "the commitment of that part", command.part)
    needed = {t.volumes.commitment for t in state.things.values() if t.live}
    needed |= {m.volumes.commitment for m in state.messages.values() if m.volumes is not None and not m.closed_us}
    for conflict in (c for c in state.conflicts.values() if c.state != "cleared"):
        needed.add(conflict.places.commitment)
        needed |= {p.volumes.commitment for p in conflict.proposals if p.volumes is not None and p.state == "open"}
    if command.commitment in needed:
        return refuse(Reason.WRONG_STATE, "command.part", "a part that nothing live rests on", "live")
    return accepted(Accepted(), Effects())
