"""The theatre and its parties as the API spells them.

In:  JSON of GET /v1/theatre. Out: frozen values.
"""

from datetime import datetime
from typing import Any

from wideberth.client.wire import AsOf, Wire


class Told(Wire, frozen=True):
    """How many notices went to the reader, and how many it signed for."""

    number: int
    signed: int


class Call(Wire, frozen=True):
    """Whom to call at a party."""

    level: int
    role: str
    number: str
    languages: tuple[str, ...]
    interpreter: bool


class PartyRow(Wire, frozen=True):
    """A party of the theatre."""

    party: str
    name: str
    role: str
    since: datetime
    mine: bool
    heard: datetime | None = None
    languages: tuple[str, ...] = ()
    told: Told | None = None
    contacts: tuple[Call, ...] = ()


class Theatre(Wire, frozen=True):
    """The theatre and its parties; the charter as the API spells it."""

    as_of: AsOf
    name: str
    exercise: bool
    charter: dict[str, Any]
    parties: tuple[PartyRow, ...]
