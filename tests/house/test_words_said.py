"""What is said promises nothing and asks for nothing: every text of the API, refusals, phrases, commands and the page.

An answer is "no known conflict" and what was checked; humanitarian notices are notified, received and effective. Nobody
approves, permits or clears them, and nobody requests anything of that sort.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

import wideberth
from wideberth.api.openapi import document
from wideberth.api.routes import ENDPOINTS
from wideberth.cli import COMMANDS, GROUPS
from wideberth.party import registers
from wideberth.party.command import Protect, tag_of
from wideberth.party.registers import Move, RegisterCommand, RegisterPart
from wideberth.refusal import Reason
from wideberth.theatre import register_items, register_told, register_views
from wideberth.theatre.lifecycle import MOVEMENT, MovementState

ROOT = Path(__file__).parents[2]
SRC = Path(wideberth.__file__).parent
CLAIMS = re.compile(
    r"\b(approv\w+|permission\w*|authori[sz]ation to|all[- ]clear|cleared (?:to|for)|is clear\b|is safe\b|safely|"
    r"conflict[- ]free|guarantee\w*|lawful\w*|no objection)\b",
    re.IGNORECASE,
)
ASKING = re.compile(r"\b(request\w*|approv\w+|permission\w*|permit\w*|grant\w*|allow\w*|clearance)\b", re.IGNORECASE)


def strings(value: Any) -> Iterator[str]:
    """Every text in JSON, names of members among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from strings(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from strings(item)


def said() -> Iterator[tuple[str, str]]:
    """Every text that a person or a program reads, with where it stands."""
    for text in strings(document(ENDPOINTS)):
        yield "openapi", text
    for reason in Reason:
        yield f"refusal {reason}", reason.heading
    for words in (*COMMANDS.items(), *GROUPS.items()):
        yield f"command {words[0]}", str(words[1])
    for path in sorted((SRC / "web" / "words").glob("*.json")):
        for name, text in json.loads(path.read_text(encoding="utf-8")).items():
            yield f"{path.name} {name}", text
    for path in sorted((SRC / "voice" / "locale").glob("en/**/*.po")):
        for text in re.findall(r'^"?(?:msgstr(?:\[\d\])? )?"(.*)"$', path.read_text(encoding="utf-8"), re.MULTILINE):
            yield path.name, text
    for state in MovementState:
        yield "movement", state.value
    for (_, event), _state in MOVEMENT.items():
        yield "movement", event


def register_texts() -> Iterator[tuple[str, str]]:
    """All that speaks of registers and movements: docs, structs with their docstrings, help of the commands."""
    for path in ("docs/registers.md", "src/wideberth/cli/register.py", "src/wideberth/theatre/movements.py"):
        yield path, (ROOT / path).read_text(encoding="utf-8")
    for module in (registers, register_items, register_told, register_views):
        yield module.__name__, Path(str(module.__file__)).read_text(encoding="utf-8")
    for name, text in COMMANDS.items():
        if name.startswith("register"):
            yield name, text[1]
    for kind in (*get_args(RegisterCommand), *get_args(RegisterPart), Move, Protect):
        yield kind.__name__, f"{kind.__doc__} {' '.join(kind.__struct_fields__)}"


def test_nothing_said_claims_more_than_is_known() -> None:
    """No text says that something is approved, permitted, clear, safe, lawful or guaranteed."""
    assert [(where, text) for where, text in said() if CLAIMS.search(text)] == []


def test_humanitarian_notices_are_no_requests() -> None:
    """Whatever speaks of registers says notified, received, effective; it asks nobody and is granted nothing."""
    plain = [(where, re.sub(r"charter's|for leave", "", text)) for where, text in register_texts()]
    found = [(where, match.group()) for where, text in plain for match in ASKING.finditer(text)]
    assert [row for row in found if row != ("docs/registers.md", "grants")] == [], (
        "the docs say that no answer grants any"
    )
    for word in ("notified", "received", "effective"):
        assert word in (ROOT / "docs" / "registers.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "text",
    ["Your plan is approved.", "cleared to proceed", "The area is safe", "conflict-free", "permission was given"],
)
def test_the_search_finds_what_it_looks_for(text: str) -> None:
    """A claim slipped into any of these texts would fail the first test."""
    assert CLAIMS.search(text)


def test_the_search_covers_what_there_is() -> None:
    """Endpoints, refusals, phrases and the page are among what is searched."""
    where = [place.split(" ")[0] for place, _ in said()]
    for place, least in (("openapi", 500), ("refusal", 50), ("en.json", 200), ("de.json", 200), ("wideberth.po", 100)):
        assert where.count(place) > least
    assert tag_of(Move(b"", 0, 0, 0, 0)) == "move"
