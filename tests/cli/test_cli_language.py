"""Refusals of the command line in the reader's language."""

from pathlib import Path

import pytest

from wideberth.cli import run
from wideberth.refusal import Reason, Refusal
from wideberth.voice.catalogues import LANGUAGES, translated

Captured = pytest.CaptureFixture[str]
WRONG = ["check", "--horizontal-m", "-5", "--vertical-m", "1", "nothing.json"]


def error(capsys: Captured, *words: str) -> str:
    """The line that a wrong command line ends with."""
    capsys.readouterr()
    assert run(words) == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", ["--language {}", "--language={}"])
def test_the_language_can_be_named(form: str, language: str, capsys: Captured) -> None:
    """Before or after the command's own words."""
    option = form.format(language).split()
    said = error(capsys, *WRONG, *option)
    assert said == error(capsys, *option, *WRONG)
    assert translated(language, Reason.OUT_OF_RANGE.heading, "refusal") in said


@pytest.mark.parametrize(("name", "value", "language"), [("LANG", "fr_FR.UTF-8", "fr"), ("LC_MESSAGES", "tr", "tr")])
def test_else_it_is_that_of_the_environment(
    name: str, value: str, language: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for every program; and what was named comes before it."""
    for other in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, value)
    assert translated(language, Reason.OUT_OF_RANGE.heading, "refusal") in error(capsys, *WRONG)
    assert Reason.OUT_OF_RANGE.heading in error(capsys, *WRONG, "--language", "en")


@pytest.mark.parametrize("words", [["--language", "la"], ["--language="], ["--language"]])
def test_a_language_that_nobody_speaks_is_refused(words: list[str], capsys: Captured) -> None:
    """It names those that there are."""
    assert "--language is one of en, de, ru, tr, ar, fr, uk, fa" in error(capsys, *WRONG, *words)


def test_a_file_that_is_refused_is_refused_in_the_language(tmp_path: Path, capsys: Captured) -> None:
    """What the house refuses of a file, too."""
    (tmp_path / "plans.json").write_text("{")
    said = error(capsys, "check", str(tmp_path / "plans.json"), "--language", "uk")
    assert translated("uk", Refusal(Reason.MALFORMED, "", "").reason.heading, "refusal") in said
