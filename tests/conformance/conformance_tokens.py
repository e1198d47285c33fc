"""Tokens of the suppliers' tests: the issuer that the node trusts, and others that it should not."""

from functools import cache
from pathlib import Path
from typing import Final

from worlds import ISSUER

from wideberth.tokens.issuer import Issuer, new_private_pem

AUDIENCE: Final = "node.test"
OTHER_AUDIENCE: Final = "also.node.test"


@cache
def issuer() -> Issuer:
    """The issuer whose tokens the node takes."""
    return Issuer(new_private_pem(), ISSUER)


@cache
def forger() -> Issuer:
    """One with the same name and another key."""
    return Issuer(new_private_pem(), ISSUER)


def key_file(folder: Path) -> Path:
    """The issuer's public key as a PEM file."""
    path = folder.parent / f"{folder.name}-issuer.pem"
    path.write_bytes(issuer().public_pem)
    return path
