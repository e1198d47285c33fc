"""The example of the client's page runs as it stands, against a served node."""

import re
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from worlds import DAY, NODE_SEED, charter, founder, seed_of

from wideberth.node import found_theatre
from wideberth.party.command import Genesis
from wideberth.party.identity import KeyGrant, public_key
from wideberth.theatre.outcome import DECIDE_VERSION

PAGE = Path(__file__).parents[2] / "docs" / "client.md"


def test_the_example_files_a_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It prints the statement: no known conflict, what was checked, and as of when."""
    grant = KeyGrant(public_key(seed_of("AAA")), ("*",), time.time_ns() // 1_000 + DAY, "")
    founders = (msgspec.structs.replace(founder("AAA"), watch=grant),)
    genesis = Genesis("page", 1, True, charter(quorum=1), founders, public_key(NODE_SEED), DECIDE_VERSION)
    found_theatre(tmp_path / "theatre", genesis, NODE_SEED)
    command = [sys.executable, "-m", "wideberth.cli", "serve", str(tmp_path / "theatre"), "--port", "0", "--quiet"]
    node = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert node.stdout is not None
    with node.stdout:
        line = node.stdout.readline()
    code = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert code is not None
    try:
        exec(code[1], {"url": line[line.index("http://") :].strip(), "seed": seed_of("AAA")})
    finally:
        node.terminate()
        node.wait(60)
    assert "No known conflict" in capsys.readouterr().out
