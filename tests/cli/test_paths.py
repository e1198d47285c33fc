"""`wideberth paths` against a node."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from served import founded, seed_of, serving

from wideberth.cli import run
from wideberth.keys import Key, write_key

Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A node with AAA, BBB and CCC, which carries nothing."""
    folder = tmp_path_factory.mktemp("node")
    founded(folder)
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    with serving(folder) as address:
        yield address
    structlog.reset_defaults()


@pytest.fixture
def key(tmp_path: Path) -> str:
    """BBB's watch key in a file."""
    path = tmp_path / "bbb.key"
    write_key(path, Key("watch", "BBB", "desk", seed_of("BBB")))
    return str(path)


def said(capsys: Captured, *words: str) -> tuple[int, str]:
    """Exit status and all output."""
    capsys.readouterr()
    status = run(["paths", *words])
    read = capsys.readouterr()
    return status, read.out + read.err


def test_routes_are_said_listed_and_taken_back(url: str, key: str, tmp_path: Path, capsys: Captured) -> None:
    """Webhook, mail and a browser's subscription; what is listed is what was said."""
    at = ("--key", key, "--url", url)
    subscription = {"endpoint": "https://push.example/x", "keys": {"p256dh": "BA" + "A" * 85, "auth": "A" * 22}}
    (tmp_path / "push.json").write_text(json.dumps(subscription))
    routes = ("--route", "first:https://desk.example/in", "--route", "second:duty@desk.example")
    status, out = said(capsys, "set", *at, *routes, "--push", f"first:{tmp_path / 'push.json'}", "--language", "fa")
    assert (status, out[:18]) == (0, "3 routes of BBB: e")
    status, out = said(capsys, "list", *at, "--json")
    assert status == 0
    rows = json.loads(out)["cells"][0]["routes"]
    named = [(row["path"], row["kind"], row["to"], row["language"]) for row in rows]
    assert named == [
        ("first", "webhook", "https://desk.example/in", "fa"),
        ("second", "mail", "duty@desk.example", "fa"),
        ("first", "push", "https://push.example/x", "fa"),
    ]
    assert said(capsys, "set", *at, "--none")[0] == 0
    status, out = said(capsys, "list", *at)
    assert (status, out) == (0, "No routes: you are reached by the stream alone.\n")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("set",), "Give routes"),
        (("set", "--route", "third:a@b.example"), "third:a@b.example: a route is"),
        (("set", "--route", "first:desk.example"), "first:desk.example: a route is"),
        (("set", "--route", "first:a@b@c"), "a@b@c"),
        (("set", "--route", "first:a@b.example", "--cell", "NONE"), "a cell of yours"),
        (("set", "--push", "first:gone.json"), "gone.json"),
        (("test",), "a node that carries what it owes"),
    ],
)
def test_what_is_no_route_is_refused_with_a_sentence(
    url: str, key: str, capsys: Captured, words: tuple[str, ...], sentence: str
) -> None:
    """By the command or the node, with exit status 2."""
    status, out = said(capsys, words[0], "--key", key, "--url", url, *words[1:])
    assert status == 2
    assert sentence in out
