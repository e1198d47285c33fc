"""What became of one try on a route.

In:  a fault, a status. Out: a `Tried`: handed over, to be tried again soon, or seldom.
Nothing is given up while it is owed: what looks lasting (an address that is gone) is tried again each hour.
"""

from typing import Final, NamedTuple

from wideberth.delivery.destination import Fault

PASSING: Final = frozenset((408, 409, 425, 429, 500, 502, 503, 504))
"""Statuses that may be gone in a while."""
LASTING: Final = frozenset((Fault.NOT_PUBLIC, Fault.GARBAGE, Fault.TLS))


class Tried(NamedTuple):
    """One try. `wait_us`: how long the other end asked to be left alone."""

    handed: bool
    why: str = ""
    lasting: bool = False
    wait_us: int = 0


def handed() -> Tried:
    """The other end took it."""
    return Tried(True)


def passing(why: str, wait_us: int = 0) -> Tried:
    """It may go another time."""
    return Tried(False, why, False, wait_us)


def lasting(why: str) -> Tried:
    """It goes when somebody mends something."""
    return Tried(False, why, True)


def of_fault(fault: Fault) -> Tried:
    """Where nobody answered as HTTP does."""
    return Tried(False, fault.value, fault in LASTING)


def of_status(status: int, wait_us: int = 0) -> Tried:
    """What an HTTP status other than success means."""
    return Tried(False, str(status), status not in PASSING, wait_us)
