"""Where the suppliers of a load get their tokens: made with an issuer's key, or asked of a token address.

In:  a PEM file of an issuer's private key, or the address of an authority; the audience.
Out: a `Source`: a token for a subject, good for an hour.
Refuses files that hold no key; raises `NoToken` where an authority gives none.
"""

import time
from pathlib import Path
from typing import Final

import httpx
import msgspec

from wideberth.load.ramp import Source
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.tokens import Issuer

SCOPE: Final = "utm.strategic_coordination"
LIFE_S: Final = 3_600


class NoToken(Exception):
    """An authority gave no token; the text is one line."""


class _Given(msgspec.Struct):
    access_token: str


def from_key(file: Path, issuer: str, audience: str) -> Source | Refusal:
    """Tokens made here with the private key of an issuer that the server trusts."""
    try:
        made = Issuer(file.read_bytes(), issuer)
    except (ValueError, TypeError) as error:
        return refuse(Reason.MALFORMED, str(file), "an RSA private key in PEM without a password", error)
    return lambda subject: made.mint(subject, (SCOPE,), audience, int(time.time()), LIFE_S)


def from_address(url: str, audience: str) -> Source:
    """Tokens of an authority that answers GET with a token for whomever `sub` names, as those for tests do."""

    def ask(subject: str) -> str:
        query = {"grant_type": "client_credentials", "scope": SCOPE, "intended_audience": audience, "sub": subject}
        try:
            answer = httpx.get(url, params=query, timeout=10.0)
        except httpx.HTTPError as error:
            raise NoToken(f"{url}: {error}.") from error
        try:
            return msgspec.json.decode(answer.content, type=_Given).access_token
        except msgspec.DecodeError as error:
            raise NoToken(f"{url} answered {answer.status_code} without a token.") from error

    return ask
