"""`docs/commands.md` is what the commands do."""

import json
import re
import shlex
import shutil
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from docs_kit import Example, examples, fits

from wideberth.cli import COMMANDS, run

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "commands.md"
PROGRAM = [sys.executable, "-m", "wideberth.cli"]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def plans_of(names: list[str], day: datetime) -> dict[str, Any]:
    """Some operations of the example file, moved to another day."""
    document = json.loads((ROOT / "examples" / "relief-day.geojson").read_text())
    features = [f for f in document["features"] if f["properties"]["operation"] in names]
    for feature in features:
        for end in ("start", "end"):
            feature["properties"][end] = f"{day:%Y-%m-%d}{feature['properties'][end][10:]}"
        feature["properties"].pop("priority", None)
    return {"type": "FeatureCollection", "features": features}


def half_of(document: dict[str, Any]) -> dict[str, Any]:
    """The same plan, and one after it that has ended already."""
    late = json.loads(json.dumps(document["features"][0]))
    late["properties"] |= {"operation": "Relief 0", "start": "2024-05-01T06:00:00Z", "end": "2024-05-01T07:00:00Z"}
    return document | {"features": [*document["features"], late]}


class Reader:
    """Runs the page's examples in a folder of its own."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys
        self.folder, self.genesis = folder, ""
        self.ports = {"8080": str(free_port()), "8085": str(free_port())}
        self.background: list[subprocess.Popen[str]] = []
        (folder / "examples").symlink_to(ROOT / "examples")
        tomorrow = datetime.now(UTC) + timedelta(days=2)
        (folder / "tomorrow.geojson").write_text(json.dumps(plans_of(["Relief 11"], tomorrow)))
        (folder / "two.geojson").write_text(json.dumps(half_of(plans_of(["Relief 11"], tomorrow))))
        (folder / "crossing.geojson").write_text(json.dumps(plans_of(["Transport 4"], tomorrow)))

    def here(self, text: str) -> str:
        """The same with ports that are free here."""
        for port, free in self.ports.items():
            text = text.replace(port, free)
        return text

    def run(self, example: Example) -> None:
        """Run one example and compare."""
        words = self.here(example.command).replace("GENESIS", self.genesis)
        wanted = tuple(self.here(line) for line in example.output)
        command = shlex.split(words)
        if command[0] == "cp":
            shutil.copy(self.folder / command[1], self.folder / command[2])
            return
        assert command[0] == "wideberth", command
        if command[-1] == "&":
            self._start(command[1:-1], wanted)
            return
        status = run(command[1:])
        captured = self.capsys.readouterr()
        shown = captured.out + captured.err
        assert status == example.status, f"line {example.line}: {example.command}: {shown}"
        assert fits(wanted, shown), f"line {example.line}: {example.command}:\n{shown}"
        found = re.search(r"^genesis +([0-9A-F ]+)$", shown, re.MULTILINE)
        if found and command[1] in ("found", "party"):
            self.genesis = found[1].replace(" ", "")

    def _start(self, words: list[str], wanted: tuple[str, ...]) -> None:
        quiet = ["--log-level", "error"] if words[0] == "serve" else []
        node = subprocess.Popen([*PROGRAM, *words, *quiet], cwd=self.folder, stdout=subprocess.PIPE, text=True)
        self.background.append(node)
        assert node.stdout is not None
        shown = "".join(node.stdout.readline() for _ in wanted)
        assert fits(wanted, shown), shown

    def close(self) -> None:
        """Stop what runs in the background."""
        for node in self.background:
            node.terminate()
            node.wait(30)
            if node.stdout is not None:
                node.stdout.close()


def test_every_example_of_the_page_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each example, run in the order of the page, prints what the page says and ends as it says."""
    monkeypatch.chdir(tmp_path)
    reader = Reader(tmp_path, capsys)
    try:
        for example in examples(PAGE):
            reader.run(example)
    finally:
        reader.close()


def test_every_command_stands_on_the_page() -> None:
    """A command that the page does not speak of fails the build."""
    text = PAGE.read_text()
    spoken_of = {name for name in COMMANDS if f"wideberth {name}" in text or f"`{name}`" in text}
    assert spoken_of == set(COMMANDS)


def test_the_matching_of_examples_can_fail() -> None:
    """What stands for anything stands for nothing else: other lines, missing lines and further lines are found out."""
    assert fits(("a … c", "…", "z"), "a b c\nany\nthing\nz\n")
    assert not fits(("a … c",), "a b d\n")
    assert not fits(("a",), "a\nb\n")
    assert not fits(("a", "b"), "a\n")
