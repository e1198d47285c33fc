"""The page on running a node names every setting and every rule of the charter, with its default."""

import inspect
import re
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from wideberth.cli.charters import CharterForm, as_charter
from wideberth.config import PREFIX, Config
from wideberth.party.charter import Charter
from wideberth.refusal import Refusal

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
UNITS = {"_s": ("_us", 1_000_000), "_m": ("_mm", 1_000), "_deg": ("_nd", 1_000_000_000)}


def rows(page: str) -> list[str]:
    """The rows of tables."""
    return [line for line in page.splitlines() if line.startswith("|")]


def options() -> dict[str, str]:
    """How the command line spells each setting that it takes."""
    from wideberth.cli.run import serve  # here: the module's name is also that of the function `wideberth.cli.run`

    found = {}
    for name, parameter in inspect.signature(serve).parameters.items():
        named = [own for note in get_args(parameter.annotation)[1:] for own in note.name]
        found[name] = named[0] if named else f"--{name.replace('_', '-')}"
    return found


def missing_settings(page: str, names: tuple[str, ...]) -> list[str]:
    """Settings without a row that has their option, their variable and their name in a file."""
    given = {name: f"`{option}`" for name, option in options().items() if name != "folder"}
    wanted = {name: [given.get(name, ""), f"`{PREFIX}{name.upper()}`", f"`{name}`"] for name in names}
    return [name for name, words in wanted.items() if not any(all(w in row for w in words) for row in rows(page))]


def default_of(charter: Charter, name: str) -> str:
    """A figure's default in the file's unit; several with commas between."""
    value: Any = getattr(charter, name, None)
    for suffix, (stored, scale) in UNITS.items():
        if value is None and name.endswith(suffix):
            value = getattr(charter, name.removesuffix(suffix) + stored)
            value = tuple(v / scale for v in value) if isinstance(value, tuple) else value / scale
    return ", ".join(f"{v:.15g}" for v in (value if isinstance(value, tuple) else (value,)))


def test_every_setting_has_a_row() -> None:
    """Each member of the configuration: on the command line where it can be given there, environment, file."""
    assert missing_settings(PAGE.read_text(), Config.__struct_fields__) == []


def test_every_rule_of_the_charter_is_named() -> None:
    """Each member of the file; each figure of a party's with the default that holds where it is left out."""
    page = PAGE.read_text()
    charter = as_charter(CharterForm(bounds=(0, 1, 0, 1)), "charter")
    assert not isinstance(charter, Refusal)
    for name in CharterForm.__struct_fields__:
        assert f"`{name}`" in page, name
        fields = msgspec.structs.fields(CharterForm)
        figure = next(f for f in fields if f.name == name).default is None and name not in ("minima", "landmarks")
        if figure and not name.startswith(("supplier", "intent", "awareness")):
            (row,) = (row for row in rows(page) if row.startswith(f"| `{name}` |"))
            assert default_of(charter, name) in re.sub(r"(?<=\d) (?=\d{3})", "", row), name


def test_the_test_can_fail() -> None:
    """A setting that is nowhere, and one whose row lost its option, are found."""
    page = PAGE.read_text()
    assert missing_settings(page, ("port", "depth")) == ["depth"]
    assert missing_settings(page.replace("`--feeds`", ""), ("feeds", "port")) == ["feeds"]
    charter = as_charter(CharterForm(bounds=(0, 1, 0, 1), lead_s=12.5), "charter")
    assert not isinstance(charter, Refusal)
    assert (default_of(charter, "lead_s"), default_of(charter, "vertical_step_m")) == ("12.5", "30.48")


@pytest.mark.parametrize("name", ["feeds", "record", "record_hours", "watch_clock", "watch_all"])
def test_the_live_watch_is_explained(name: str) -> None:
    """Its settings are not only listed: a paragraph says what each does."""
    section = PAGE.read_text().partition("\nThe live watch:")[2].partition("\n\n")[0]
    assert f"`{name}`" in f"`feeds`{section}"
