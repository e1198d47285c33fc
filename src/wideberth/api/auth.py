"""Who a supplier's request speaks for, and whether it may do this: bearer tokens and scopes.

In:  the token of a request; the scopes that an endpoint asks for.
Out: a `Bearer`. A token that is known costs a few microseconds.
Refuses: no token, or one that is not taken (BAD_TOKEN, 401); an issuer that the theatre's charter does not name
(NOT_PERMITTED, 403); a token without the scope (SCOPE, 403).
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from wideberth.party.standard import Supplier
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.tokens import Bearer

if TYPE_CHECKING:
    from wideberth.node.core import Node

Scopes = tuple[frozenset[str], ...]
"""Sets of scopes, any one of which will do; () for any token."""

STRATEGIC: Final = "utm.strategic_coordination"
MANAGEMENT: Final = "utm.constraint_management"
PROCESSING: Final = "utm.constraint_processing"
CONFORMANCE: Final = "utm.conformance_monitoring_sa"
ARBITRATION: Final = "utm.availability_arbitration"
DISPLAY: Final = "rid.display_provider"
SERVICE: Final = "rid.service_provider"
VERSIONS: Final = "interuss.versioning.read_system_versions"
SCHEME: Final = "bearer "


def any_of(*scopes: str) -> Scopes:
    """Each by itself will do."""
    return tuple(frozenset((scope,)) for scope in scopes)


def token_in(header: str) -> str:
    """The token of an Authorization header; empty where there is none."""
    return header[len(SCHEME) :].strip() if header[: len(SCHEME)].lower() == SCHEME else ""


async def bearer_of(node: "Node", header: str, address: str) -> Bearer | Refusal:
    """Who a request with this Authorization header speaks for."""
    token = token_in(header)
    if not token:
        limit = "Authorization: Bearer, with a token of the issuer"
        return refuse(Reason.BAD_TOKEN, "authorization", limit, "nothing" if not header else "another scheme")
    tokens, now_us = node.tokens, node.now_us()
    assert tokens is not None, "the doors are open only where tokens are taken"
    found = tokens.known(token, now_us) or await tokens.check(token, now_us, address)
    if isinstance(found, Bearer) and found.issuer not in node.state.charter.issuers:
        return refuse(Reason.NOT_PERMITTED, "token.iss", "an issuer that the theatre's charter names", found.issuer)
    return found


def check_scopes(bearer: Bearer, wanted: Scopes) -> Refusal | None:
    """Refuse a token that carries none of the sets wanted."""
    if not wanted or any(scopes <= bearer.scopes for scopes in wanted):
        return None
    limit = " or ".join(" with ".join(sorted(scopes)) for scopes in wanted)
    return refuse(Reason.SCOPE, "token.scope", limit, " ".join(sorted(bearer.scopes)) or "nothing")


def check_scope(bearer: Bearer, scope: str, what: str) -> Refusal | None:
    """Refuse a token without the scope that a member of the body asks for."""
    if scope in bearer.scopes:
        return None
    return refuse(Reason.SCOPE, what, f"a token with {scope}", " ".join(sorted(bearer.scopes)) or "nothing")


@lru_cache(maxsize=4_096)
def code_of(issuer: str, subject: str) -> str:
    """A supplier's code in the theatre."""
    return Supplier(issuer, subject).party
