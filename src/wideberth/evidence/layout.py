"""The names of the fields of all that an entry can say, as data: with them the verifier reads arrays by name.

In:  nothing. Out: {"commands": {tag: [field, ...]}, "items": {...}, "structs": {...}}.
"""

from typing import Any, get_args

from wideberth.party.alerts import Side, Warning_
from wideberth.party.command import Command, Founder
from wideberth.party.envelope import Envelope
from wideberth.refusal import Refusal
from wideberth.theatre.outcome import Accepted, Decision, Item


def _fields(kind: Any) -> list[str]:
    return list(kind.__struct_fields__)


def _by_tag(union: Any) -> dict[str, list[str]]:
    return {str(kind.__struct_config__.tag): _fields(kind) for kind in get_args(union)}


def layout() -> dict[str, Any]:
    """The tables of this version."""
    structs = {"Envelope": Envelope, "Founder": Founder, "Decision": Decision, "accepted": Accepted, "refused": Refusal}
    structs |= {"Warning": Warning_, "Side": Side}
    return {
        "commands": _by_tag(Command),
        "items": _by_tag(Item),
        "structs": {name: _fields(kind) for name, kind in structs.items()},
    }
