"""What a party can say: the closed set of commands.

In:  frozen, tagged values. What is needed to match (volumes, class, priority) stands apart from what describes
     (label, note, contacts): both travel as attached parts, and a command names them by their place among the
     envelope's commitments. So a part can be destroyed later and the signed bytes still hold.
Out: the union `Command`; `NODE_COMMANDS`, which only the sequencer may say; `tag_of`.
A new command is a struct here, its function in `theatre`, and a line in `docs/commands.md`.
There is no field for targets, weapons or unit strengths, and none may be added.
"""

from enum import StrEnum
from typing import Final

from wideberth.party.alerts import Aircraft, AlertCommand, Warned
from wideberth.party.charter import Charter
from wideberth.party.hotline import Contacts, Delivered, HotlineCommand
from wideberth.party.identity import KeyGrant, Role, RootSet
from wideberth.party.paths import Paths
from wideberth.party.registers import RegisterCommand, RegisterPart
from wideberth.party.standard import Vouch
from wideberth.party.struct import Struct
from wideberth.space.volume import Volume4D


class OperationState(StrEnum):
    """The states of an operational intent, as ASTM F3548-21 spells them."""

    ACCEPTED = "Accepted"
    ACTIVATED = "Activated"
    NONCONFORMING = "Nonconforming"
    CONTINGENT = "Contingent"
    ENDED = "Ended"


class Domain(StrEnum):
    """Where the thing moves."""

    AIR = "air"
    AIR_DEFENCE = "air_defence"
    GROUND = "ground"
    SEA = "sea"


class Activity(StrEnum):
    """A neutral activity class; none of them says more than another party needs in order to keep clear."""

    TRANSIT = "transit"
    TRANSPORT = "transport"
    RELIEF = "relief"
    MEDICAL = "medical"
    SURVEY = "survey"
    TRAINING = "training"
    PATROL = "patrol"
    SEARCH_AND_RESCUE = "search_and_rescue"
    OTHER = "other"


class Disclosure(StrEnum):
    """Who sees a plan: all members, the peer of a conflict, or that peer without the party's name."""

    OPEN = "open"
    CONFLICT_ONLY = "conflict-only"
    PRIVATE = "private"


class ConstraintKind(StrEnum):
    """Where others must not go or must take care."""

    CLOSURE = "closure"
    RESTRICTED = "restricted"
    CORRIDOR = "corridor"
    LINE = "line"
    NOTAM = "notam"


class PlaceKind(StrEnum):
    """What is never to be come near."""

    HOSPITAL = "hospital"
    SCHOOL = "school"
    CAMP = "camp"
    CONVOY = "convoy"
    POST = "post"
    PLACE = "place"


# parts that travel beside a command


class Volumes(Struct, frozen=True, tag="volumes"):
    """What is needed to match."""

    volumes: tuple[Volume4D, ...]


class About(Struct, frozen=True, tag="about"):
    """What describes: a label for cards and lanes, a note, a 24-hour contact."""

    label: str
    note: str = ""
    contact: str = ""


class Text(Struct, frozen=True, tag="text"):
    """Free text in a named language."""

    language: str
    text: str


# membership and rules


class Invite(Struct, frozen=True, tag="invite"):
    """A convener invites the party behind a root; it is pending until accepted, declined or lapsed."""

    party: str
    root: bytes
    role: Role
    until_us: int


class Accept(Struct, frozen=True, tag="accept"):
    """The invited party enters, signed by its root; its first watch key comes along."""

    name: str
    root: RootSet
    watch: KeyGrant
    languages: tuple[str, ...]
    about: int | None = None


class Decline(Struct, frozen=True, tag="decline"):
    """The invited party declines, signed by the root that it shows."""

    root: RootSet


class Leave(Struct, frozen=True, tag="leave"):
    """A party leaves; its operations end, its entries stay. Signed by the root."""


class GrantKey(Struct, frozen=True, tag="grant_key"):
    """The root adds a watch key."""

    grant: KeyGrant


class RevokeKey(Struct, frozen=True, tag="revoke_key"):
    """The root revokes a watch key; concurrences it gave since `suspected_since_us` reopen."""

    key: bytes
    suspected_since_us: int


class ProposeCharter(Struct, frozen=True, tag="propose_charter"):
    """A new charter, in force once the quorum concurred."""

    charter: Charter


# plans


class Plan(Struct, frozen=True, tag="plan"):
    """A new operation (`replaces` 0) or its next version (`replaces` = the current one)."""

    operation: bytes
    replaces: int
    volumes: int
    priority: int
    domain: Domain
    crewed: bool
    activity: Activity
    disclosure: Disclosure
    about: int | None = None
    shared: int | None = None
    """A text that goes along to the peer of a conflict, whatever the disclosure class."""


class Confirm(Struct, frozen=True, tag="confirm"):
    """The plan still stands."""

    operation: bytes
    version: int


class SetState(Struct, frozen=True, tag="set_state"):
    """Moves an operation along the transition table."""

    operation: bytes
    version: int
    state: OperationState


class Constrain(Struct, frozen=True, tag="constrain"):
    """A constraint, open to all, new or its next version."""

    constraint: bytes
    replaces: int
    kind: ConstraintKind
    volumes: int
    about: int | None = None
    knowing: tuple[bytes, ...] = ()
    """Entries of the sender's own register of which it knows that they lie inside."""


class Protect(Struct, frozen=True, tag="protect"):
    """A protected place or movement: checked against every plan, never listed to others."""

    place: bytes
    replaces: int
    kind: PlaceKind
    volumes: int
    verifier: str
    verified_us: int
    review_by_us: int
    about: int | None = None
    origin: int | None = None
    """Whose it is, and who says where it is."""


class Lift(Struct, frozen=True, tag="lift"):
    """Ends a constraint or a protection of one's own."""

    thing: bytes
    version: int


# settlement


class Shift(Struct, frozen=True, tag="shift"):
    """Moves a whole operation in time and height. `whose` is "mine" or "other", seen from the proposer."""

    whose: str
    start_us: int
    altitude_mm: int


class Reroute(Struct, frozen=True, tag="reroute"):
    """New volumes for the proposer's own operation."""

    volumes: int


class Procedure(Struct, frozen=True, tag="procedure"):
    """A measure in words that both keep (say, one calls before entering)."""

    text: int


Change = Shift | Reroute | Procedure


class Propose(Struct, frozen=True, tag="propose"):
    """A way to settle a conflict."""

    conflict: bytes
    proposal: bytes
    change: Change
    note: int | None = None


class ProposalSubject(Struct, frozen=True, tag="proposal"):
    """A proposal in a conflict."""

    conflict: bytes
    proposal: bytes


class PlanSubject(Struct, frozen=True, tag="plan"):
    """A version of somebody's operation that needs concurrence in an area."""

    party: str
    operation: bytes
    version: int


class RiskSubject(Struct, frozen=True, tag="risk"):
    """One's own acceptance of a conflict's risk."""

    conflict: bytes


class CharterSubject(Struct, frozen=True, tag="charter"):
    """A proposed charter, by its digest."""

    digest: bytes


Subject = ProposalSubject | PlanSubject | RiskSubject | CharterSubject


class Concur(Struct, frozen=True, tag="concur"):
    """Agrees with a proposal, a plan in an area, or a charter."""

    subject: Subject


class Object(Struct, frozen=True, tag="object"):
    """Disagrees, with a reason if one likes."""

    subject: Subject
    reason: int | None = None


class Withdraw(Struct, frozen=True, tag="withdraw"):
    """Takes back one's own proposal, concurrence or acceptance of risk."""

    subject: Subject


class AcceptRisk(Struct, frozen=True, tag="accept_risk"):
    """Lives with a conflict, for a stated reason; it needs both sides."""

    conflict: bytes
    reason: int


# reading and keeping


class SignHead(Struct, frozen=True, tag="sign_head"):
    """The receiver's word that its notices up to `number` arrived, ending in `head`."""

    number: int
    head: bytes


class Erase(Struct, frozen=True, tag="erase"):
    """The sender has a part of an earlier entry of its own destroyed; the commitment says which is meant."""

    sequence: int
    part: int
    commitment: bytes


# said by the sequencer alone


class Founder(Struct, frozen=True):
    """A party that is there from the first entry on."""

    party: str
    name: str
    role: Role
    root: RootSet
    watch: KeyGrant
    languages: tuple[str, ...]


class Genesis(Struct, frozen=True, tag="genesis"):
    """The first entry: the theatre, whether it is an exercise, its charter, its founders, its node's key."""

    theatre: str
    epoch: int
    exercise: bool
    charter: Charter
    founders: tuple[Founder, ...]
    node_key: bytes
    decide_version: int


class NewEpoch(Struct, frozen=True, tag="new_epoch"):
    """The first entry after a restore: names the ledger that it continues."""

    epoch: int
    old_origin: str
    old_size: int
    old_root: bytes
    node_key: bytes


class Tick(Struct, frozen=True, tag="tick"):
    """Time has passed."""


class Due(Struct, frozen=True, tag="due"):
    """A deadline has passed: its kind, the thing it belongs to, and when it was."""

    kind: str
    subject: tuple[str, bytes]
    at_us: int


class CommitState(Struct, frozen=True, tag="commit_state"):
    """A digest of the whole state after the previous entry."""

    digest: bytes


PartyCommand = (
    Invite
    | Accept
    | Decline
    | Leave
    | GrantKey
    | RevokeKey
    | ProposeCharter
    | Plan
    | Confirm
    | SetState
    | Constrain
    | Protect
    | Lift
    | Propose
    | Concur
    | Object
    | Withdraw
    | AcceptRisk
    | SignHead
    | Erase
    | HotlineCommand
    | RegisterCommand
    | AlertCommand
)
NodeCommand = Genesis | NewEpoch | Tick | Due | CommitState | Delivered | Warned
Command = PartyCommand | NodeCommand | Vouch

NODE_COMMANDS: Final = (Genesis, NewEpoch, Tick, Due, CommitState, Delivered, Warned)
ROOT_COMMANDS: Final = (Accept, Decline, Leave, GrantKey, RevokeKey)
Part = Volumes | About | Text | Paths | Contacts | RegisterPart | Aircraft
PART_TYPES: Final = Part


def tag_of(command: Command) -> str:
    """The command's name on the wire, as grants spell it."""
    return str(command.__struct_config__.tag)
