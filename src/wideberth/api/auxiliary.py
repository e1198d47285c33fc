"""What helps two systems to find out whether they understand one another: versions, and whether a token is taken.

In:  requests of InterUSS's auxiliary interface (/aux/v1) and of its versioning interface (/versions).
Out: which version this node is and which interfaces it serves; 200 for a token that is taken.
Refuses: a token that speaks for another than the query names (403); systems that this node is not (404).
"""

from http import HTTPStatus
from typing import Final

from wideberth.api.f3548 import Answered
from wideberth.api.own import VERSION
from wideberth.api.standard_door import Ask, Reply
from wideberth.api.standard_forms import Answer
from wideberth.api.standard_search import query_of
from wideberth.refusal import Reason, refuse

SYSTEMS: Final = {
    "wideberth": f"v{VERSION}",
    "astm.f3548.v21": "1.0.0",
    "astm.f3411.v22a": "2.1.0",
    "interuss.aux.v1": "1.1.0",
    "interuss.versioning": "0.1.2",
}
"""What this node is, and the published descriptions of the interfaces that it serves, by version."""


class VersionResponse(Answer):
    """Which version this node is."""

    version: str


class Valid(Answer):
    """The token is taken."""


class SystemVersion(Answer):
    """A system, and its version."""

    system_identity: str
    system_version: str


class Versions(Answer):
    """Everything that this node is and serves."""

    systems: list[SystemVersion]


async def version(_ask: Ask) -> Answered:
    """Which version this node is; anybody may ask."""
    return Reply(HTTPStatus.OK, VersionResponse(SYSTEMS["wideberth"]))


async def validate_oauth(ask: Ask) -> Answered:
    """Whether a token is taken, and whether it speaks for `owner`, where the query names one."""
    owner = query_of(ask, "owner")
    if owner and owner != ask.bearer.subject:
        return refuse(Reason.NOT_PERMITTED, "owner", f"{ask.bearer.subject}, for whom the token speaks", owner)
    return Reply(HTTPStatus.OK, Valid())


async def system_version(ask: Ask) -> Answered:
    """The version of one system."""
    name = ask.params[0]
    found = SYSTEMS.get(name)
    if found is None:
        return refuse(Reason.UNKNOWN, "system_identity", f"one of {', '.join(SYSTEMS)}", name)
    return Reply(HTTPStatus.OK, SystemVersion(name, found))


async def versions(_ask: Ask) -> Answered:
    """The versions of all of them; anybody may ask."""
    return Reply(HTTPStatus.OK, Versions([SystemVersion(*row) for row in SYSTEMS.items()]))
