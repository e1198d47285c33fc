"""Who is at the table: invitation and acceptance, keys, the charter's changes.

In:  the state, who speaks, the command, the time.
Out: an `Outcome` or a Refusal. What members are told of membership is the same for all.
A charter counts from the entry in which its quorum is reached, never backwards: pairs of plans that stand are measured
again when one of them is filed anew.
"""

import hashlib
from typing import Final, get_args

from wideberth.limits import DRAFTS_MAX, NAME_CHARACTERS_MAX, PARTIES_MAX, WATCH_KEYS_MAX
from wideberth.party.charter import DAY_US, Charter, check_charter, check_languages
from wideberth.party.command import Accept, Decline, GrantKey, Invite, PartyCommand, ProposeCharter, RevokeKey
from wideberth.party.envelope import Envelope, encode
from wideberth.party.identity import (
    KeyGrant,
    Role,
    RootSet,
    check_grant,
    check_party_code,
    check_root,
    root_digest,
)
from wideberth.party.standard import SUPPLIER_PREFIX
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.theatre.lifecycle import ConflictState, InvitationState
from wideberth.theatre.outcome import Accepted, Effects, Item, MemberItem, Notice, Outcome, StateItem, accepted
from wideberth.theatre.planning import ending
from wideberth.theatre.rows import Conflict, Invitation, Member
from wideberth.theatre.state import State

PERMITTED: Final = frozenset(str(kind.__struct_config__.tag) for kind in get_args(PartyCommand))
"""What a grant may name."""


def charter_digest(charter: Charter) -> bytes:
    """The SHA-256 by which members concur with a charter."""
    return hashlib.sha256(b"wideberth/charter/1\n" + encode(charter)).digest()


def to_all(state: State, item: Item, besides: tuple[str, ...] = ()) -> list[tuple[str, Notice]]:
    """The same item for every active member, and for parties that are just entering."""
    parties = {m.party for m in state.members.values() if not m.left_us} | set(besides)
    return [(party, Notice((item,))) for party in sorted(parties)]


def decide_invite(state: State, member: Member, command: Invite, now_us: int) -> Outcome | Refusal:
    """A convener invites; one pending invitation a code."""
    if member.party not in state.charter.conveners:
        return refuse(Reason.NOT_PERMITTED, "command", "a convener named by the charter", member.party)
    no = check_party_code(command.party, "command.party") or _check_invite(state, command, now_us)
    if no is not None:
        return no
    result = accepted(Accepted(), Effects())
    result.notices = to_all(state, MemberItem("invited", command.party))
    return result


def _check_invite(state: State, command: Invite, now_us: int) -> Refusal | None:
    if command.role is Role.SUPPLIER or command.party.startswith(SUPPLIER_PREFIX):
        limit = f"another role, and a code that does not begin with {SUPPLIER_PREFIX}: suppliers come in by token"
        return refuse(Reason.OUT_OF_RANGE, "command.role", limit, command.role)
    if len(command.root) != 32:
        return refuse(
            Reason.MALFORMED, "command.root", "32 bytes, the digest of the root", f"{len(command.root)} bytes"
        )
    if command.party in state.members:
        return refuse(Reason.EXISTS, "command.party", "a code that nobody had", command.party)
    pending = state.invitations.get(command.party)
    if pending is not None and pending.state is InvitationState.PENDING:
        return refuse(Reason.EXISTS, "command.party", "no pending invitation", command.party)
    if len(state.members) >= PARTIES_MAX:
        return refuse(Reason.TOO_MANY, "command.party", f"at most {PARTIES_MAX} parties", len(state.members) + 1)
    if not now_us < command.until_us <= now_us + 30 * DAY_US:
        return refuse(Reason.OUT_OF_RANGE, "command.until_us", "within the next 30 days", command.until_us)
    return None


def invitation_for(state: State, party: str, root: RootSet) -> Invitation | Refusal:
    """The pending invitation that names this root."""
    invitation = state.invitations.get(party)
    if invitation is None or invitation.state is not InvitationState.PENDING:
        return refuse(Reason.UNKNOWN_PARTY, "envelope.party", "a pending invitation", party)
    if check_root(root, "command.root") is not None or root_digest(root) != invitation.root:
        return refuse(Reason.UNKNOWN_KEY, "command.root", "the root that was invited", party)
    return invitation


def decide_accept(state: State, envelope: Envelope, command: Accept) -> Outcome | Refusal:
    """The invited party enters."""
    invitation = invitation_for(state, envelope.party, command.root)
    if isinstance(invitation, Refusal):
        return invitation
    if not 0 < len(command.name) <= NAME_CHARACTERS_MAX:
        return refuse(Reason.OUT_OF_RANGE, "command.name", f"1 to {NAME_CHARACTERS_MAX} characters", command.name)
    no = (
        check_languages(command.languages, "command.languages")
        or check_grant(command.watch, "command.watch", PERMITTED)
        or _check_bare(envelope, command)
    )
    if no is not None:
        return no
    result = accepted(Accepted(), Effects())
    result.notices = to_all(state, MemberItem("joined", envelope.party), (envelope.party,))
    return result


def _check_bare(envelope: Envelope, command: Accept) -> Refusal | None:
    """Nothing reads a part of an acceptance, so none is kept."""
    if command.about is None and not envelope.attached:
        return None
    return refuse(Reason.OUT_OF_RANGE, "command.about", "an acceptance without parts", len(envelope.attached))


def decide_decline(state: State, envelope: Envelope, command: Decline) -> Outcome | Refusal:
    """The invited party declines."""
    invitation = invitation_for(state, envelope.party, command.root)
    if isinstance(invitation, Refusal):
        return invitation
    result = accepted(Accepted(), Effects())
    result.notices = to_all(state, MemberItem("declined", envelope.party))
    return result


def decide_leave(state: State, member: Member) -> Outcome | Refusal:
    """All that the party has in the space ends."""
    result = ending(state, [t for t in state.things.values() if t.owner == member.party and t.live], Accepted())
    told = {party: list(notice.items) for party, notice in result.notices}
    for party, notice in to_all(state, MemberItem("left", member.party)):
        told.setdefault(party, []).extend(notice.items)
    result.notices = [(party, Notice(tuple(items))) for party, items in sorted(told.items())]
    return result


def decide_grant(state: State, member: Member, command: GrantKey, now_us: int) -> Outcome | Refusal:
    """A new watch key."""
    no = check_grant(command.grant, "command.grant", PERMITTED)
    if no is not None:
        return no
    if command.grant.key in member.keys:
        return refuse(Reason.EXISTS, "command.grant.key", "a key that is new to the party", "granted before")
    if command.grant.expires_us <= now_us:
        return refuse(Reason.IN_THE_PAST, "command.grant.expires_us", "after now", command.grant.expires_us)
    live = sum(1 for row in member.keys.values() if not row.revoked_us and row.grant.expires_us > now_us)
    if live >= WATCH_KEYS_MAX:
        return refuse(Reason.TOO_MANY, "command.grant", f"at most {WATCH_KEYS_MAX} live keys", live + 1)
    result = accepted(Accepted(), Effects())
    result.notices = to_all(state, MemberItem("key", member.party))
    return result


def decide_revoke(state: State, member: Member, command: RevokeKey, now_us: int) -> Outcome | Refusal:
    """A key ends; agreements that it gave since it is suspected reopen."""
    row = member.keys.get(command.key)
    if row is None or row.revoked_us:
        return refuse(Reason.UNKNOWN_KEY, "command.key", "a live key of the party", command.key.hex()[:16])
    if not 0 <= command.suspected_since_us <= now_us:
        return refuse(Reason.OUT_OF_RANGE, "command.suspected_since_us", "not after now", command.suspected_since_us)
    fallen = [c for c in state.conflicts.values() if rests_on(c, command.key, command.suspected_since_us)]
    told: dict[str, list[Item]] = {}
    for conflict in fallen:
        for party in sorted({conflict.first[0], conflict.second[0]}):
            told.setdefault(party, []).append(StateItem(conflict.id, ConflictState.OPEN, "key revoked"))
    for party, notice in to_all(state, MemberItem("key", member.party)):
        told.setdefault(party, []).extend(notice.items)
    result = accepted(Accepted(), Effects(reopened=tuple(c.id for c in fallen)))
    result.notices = [(party, Notice(tuple(items))) for party, items in sorted(told.items())]
    return result


def rests_on(conflict: Conflict, key: bytes, since_us: int) -> bool:
    """Whether an agreement in a conflict that is not over was given by `key` at or after `since_us`."""
    if conflict.state is ConflictState.CLEARED:
        return False
    words = [*conflict.accepted, *(p.concurred for p in conflict.proposals if p.concurred is not None)]
    return any(word.key == key and word.time_us >= since_us for word in words)


def decide_propose_charter(state: State, member: Member, command: ProposeCharter) -> Outcome | Refusal:
    """A draft that members concur with by its digest; the proposer's word counts at once."""
    no = check_charter(command.charter)
    if no is not None:
        return no
    digest = charter_digest(command.charter)
    if digest in state.drafts:
        return refuse(Reason.EXISTS, "command.charter", "a charter that is not proposed yet", digest.hex())
    voices = sum(1 for m in state.members.values() if m.role is Role.MEMBER and not m.left_us)
    if command.charter.quorum > voices:
        limit = f"at most the {voices} members that there are"
        return refuse(Reason.OUT_OF_RANGE, "command.charter.quorum", limit, command.charter.quorum)
    waiting = sum(1 for draft in state.drafts.values() if draft.by == member.party)
    if waiting >= DRAFTS_MAX:
        return refuse(Reason.TOO_MANY, "command.charter", f"at most {DRAFTS_MAX} that wait for a quorum", waiting + 1)
    result = accepted(Accepted(), Effects(in_force=state.charter.quorum <= 1))
    result.notices = to_all(state, MemberItem("charter", member.party))
    return result


def concur_charter(state: State, member: Member, digest: bytes) -> Outcome | Refusal:
    """A member concurs; with the quorum of those who are still there the charter is in force from the next entry on."""
    draft = state.drafts.get(digest)
    if draft is None:
        return refuse(Reason.UNKNOWN, "command.subject.digest", "a proposed charter", digest.hex())
    if any(word.party == member.party for word in draft.concurred):
        return refuse(Reason.WRONG_STATE, "command.subject", "a charter that you have not concurred with", "concurred")
    given = sum(1 for word in draft.concurred if state.active(word.party) is not None)
    result = accepted(Accepted(), Effects(in_force=given + 1 >= state.charter.quorum))
    result.notices = to_all(state, MemberItem("charter", member.party))
    return result


def may_say(role: Role, grant: KeyGrant, tag: str) -> bool:
    """Whether a watch key may say a command: its grant names it, and observers only sign what they received."""
    if role is not Role.MEMBER and tag != "sign_head":
        return False
    return "*" in grant.permits or tag in grant.permits
