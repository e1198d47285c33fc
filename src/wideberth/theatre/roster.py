"""The theatre itself as its members read it: charter, parties, charters proposed, invitations.

In:  the state, the reader, and when the node last heard each party.
Out: values ready for JSON. The same for every member, but for what one was told oneself.
"""

from collections.abc import Mapping

from wideberth.party.charter import SECOND_US, Charter
from wideberth.party.charter import Area as CharterArea
from wideberth.party.envelope import decode_part
from wideberth.party.hotline import Contacts
from wideberth.space.units import mm_to_m, nd_to_deg
from wideberth.theatre.lifecycle import InvitationState
from wideberth.theatre.rows import Member
from wideberth.theatre.shown import Altitude, AsOf, Outline, Shown, altitude, b64, outline, time_or_none, time_text
from wideberth.theatre.state import State


class Minimum(Shown, frozen=True):
    """The separation between two classes; a conflict falls short of both."""

    classes: tuple[str, str]
    horizontal_m: float
    vertical_m: float


class Area(Shown, frozen=True):
    """Where the named parties must concur before an operation is Activated."""

    name: str
    kind: str
    outline: Outline
    lower: Altitude
    upper: Altitude
    parties: tuple[str, ...]


class Named(Shown, frozen=True):
    """A landmark, degrees."""

    name: str
    lat: float
    lon: float


class Rules(Shown, frozen=True):
    """The charter. `bounds` is lat_min, lat_max, lon_min, lon_max in degrees."""

    name: str
    bounds: tuple[float, float, float, float]
    minima: tuple[Minimum, ...]
    conveners: tuple[str, ...]
    quorum: int
    areas: tuple[Area, ...]
    priorities: dict[str, int]
    horizon_s: int
    lead_s: int
    confirm_s: int
    settle_s: int
    grace_s: int
    claim_km2_h: int
    budget_km2_h: int
    budget_checks: int
    budget_peers: int
    budget_hits: int
    notice_s: int
    emergency_s: int
    vertical_step_m: float
    cell_deg: float
    languages: tuple[str, ...]
    acknowledge_s: tuple[int, ...]
    check_s: int
    issuers: tuple[str, ...]
    awareness_m: tuple[float, float]
    intent_km2_h: int
    supplier_claim_km2_h: int
    supplier_km2_h: int
    supplier_checks: int
    supplier_met: int
    landmarks: tuple[Named, ...]


class Call(Shown, frozen=True):
    """Whom to call at a party; level 1 is its watch, 3 who decides for it."""

    level: int
    role: str
    number: str
    languages: tuple[str, ...]
    interpreter: bool


class Told(Shown, frozen=True):
    """The reader's notice chain: its length, its head, and up to where the reader signed for it."""

    number: int
    signed: int
    head: str


class Party(Shown, frozen=True):
    """A party of the theatre. `heard` is when the node last heard of it, null if not since it started."""

    party: str
    name: str
    role: str
    since: str
    mine: bool
    heard: str | None
    languages: tuple[str, ...]
    told: Told | None
    """Of the reader alone."""
    contacts: tuple[Call, ...]


class Draft(Shown, frozen=True):
    """A charter that was proposed, to be concurred with by its digest."""

    digest: str
    by: str
    time: str
    concurred: tuple[str, ...]
    charter: Rules


class Invited(Shown, frozen=True):
    """A party that is invited and has not answered."""

    party: str
    by: str
    role: str
    until: str


class Local(Shown, frozen=True):
    """The theatre's local time, for people."""

    zone: str
    offset_s: int


class Theatre(Shown, frozen=True):
    """The theatre, its rules and who is in it."""

    as_of: AsOf
    theatre: str
    name: str
    epoch: int
    exercise: bool
    charter: Rules
    parties: tuple[Party, ...]
    drafts: tuple[Draft, ...]
    invited: tuple[Invited, ...]
    local: Local


def rules(charter: Charter) -> Rules:
    """A charter as people read it: degrees, metres, seconds."""
    lat_min, lat_max, lon_min, lon_max = (nd_to_deg(nd) for nd in charter.bounds_nd)
    minima = (
        Minimum((row.first, row.second), mm_to_m(row.horizontal_mm), mm_to_m(row.vertical_mm))
        for row in charter.separations
    )
    return Rules(
        name=charter.name,
        bounds=(lat_min, lat_max, lon_min, lon_max),
        minima=tuple(minima),
        conveners=charter.conveners,
        quorum=charter.quorum,
        areas=tuple(_area(area) for area in charter.areas),
        priorities=dict(charter.priorities),
        horizon_s=charter.horizon_us // SECOND_US,
        lead_s=charter.lead_us // SECOND_US,
        confirm_s=charter.confirm_us // SECOND_US,
        settle_s=charter.settle_us // SECOND_US,
        grace_s=charter.grace_us // SECOND_US,
        claim_km2_h=charter.claim_km2_h,
        budget_km2_h=charter.budget_km2_h,
        budget_checks=charter.budget_checks,
        budget_peers=charter.budget_peers,
        budget_hits=charter.budget_hits,
        notice_s=charter.notice_us // SECOND_US,
        emergency_s=charter.emergency_us // SECOND_US,
        vertical_step_m=mm_to_m(charter.vertical_step_mm),
        cell_deg=nd_to_deg(charter.cell_nd),
        languages=charter.languages,
        acknowledge_s=tuple(us // SECOND_US for us in charter.acknowledge_us),
        check_s=charter.check_us // SECOND_US,
        issuers=charter.issuers,
        awareness_m=(mm_to_m(charter.awareness_mm[0]), mm_to_m(charter.awareness_mm[1])),
        intent_km2_h=charter.intent_km2_h,
        supplier_claim_km2_h=charter.supplier_claim_km2_h,
        supplier_km2_h=charter.supplier_km2_h,
        supplier_checks=charter.supplier_checks,
        supplier_met=charter.supplier_met,
        landmarks=tuple(Named(m.name, nd_to_deg(m.lat_nd), nd_to_deg(m.lon_nd)) for m in charter.landmarks),
    )


def _area(area: CharterArea) -> Area:
    band = (altitude(area.lower_mm), altitude(area.upper_mm))
    return Area(area.name, area.kind, outline(area.outline), *band, area.parties)


def zone_text(offset_s: int) -> str:
    """ "UTC+03:00"."""
    sign, minutes = "-" if offset_s < 0 else "+", abs(offset_s) // 60
    return f"UTC{sign}{minutes // 60:02d}:{minutes % 60:02d}"


def theatre(state: State, reader: Member, heard_us: Mapping[str, int], as_of: AsOf) -> Theatre:
    """The theatre as a member reads it."""
    charter = state.charter
    drafts = (
        Draft(b64(digest), d.by, time_text(d.time_us), tuple(w.party for w in d.concurred), rules(d.charter))
        for digest, d in state.drafts.items()
    )
    invited = (
        Invited(i.party, i.by, i.role, time_text(i.until_us))
        for i in state.invitations.values()
        if i.state is InvitationState.PENDING
    )
    return Theatre(
        as_of,
        state.theatre,
        charter.name,
        state.epoch,
        state.exercise,
        rules(charter),
        tuple(_party(m, reader, heard_us) for m in state.members.values() if not m.left_us),
        tuple(drafts),
        tuple(invited),
        Local(zone_text(charter.local_offset_s), charter.local_offset_s),
    )


def _party(member: Member, reader: Member, heard_us: Mapping[str, int]) -> Party:
    mine = member.party == reader.party
    told = Told(member.notices, member.signed, b64(member.head)) if mine else None
    heard = time_or_none(heard_us.get(member.party, 0))
    since = time_text(member.since_us)
    return Party(member.party, member.name, member.role, since, mine, heard, member.languages, told, _calls(member))


def _calls(member: Member) -> tuple[Call, ...]:
    part = decode_part(member.contacts.content) if member.contacts and member.contacts.content is not None else None
    rows = sorted(part.contacts, key=lambda row: row.level) if isinstance(part, Contacts) else ()
    return tuple(Call(row.level, row.role, row.number, row.languages, row.interpreter) for row in rows)
