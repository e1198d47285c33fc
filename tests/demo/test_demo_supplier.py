"""The README's supplier: the script as it stands, against an exercise with its door open."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from wideberth.cli import run
from wideberth.demo.exercise import genesis, seed_of
from wideberth.demo.stage import door, serving
from wideberth.node import found_theatre
from wideberth.party.identity import public_key

SCRIPT = Path(__file__).parents[2] / "examples/supplier.sh"


@pytest.mark.skipif(shutil.which("curl") is None, reason="the example is written for curl, which is not here")
def test_the_supplier_of_the_readme_flies(tmp_path: Path) -> None:
    """Token, plan, conflict, key, activate, delete: it meets the other's intent, knows it then, ends as Activated."""
    assert run(["tokens", "new-key", str(tmp_path / "issuer.pem")]) == 0
    seed = seed_of("1", "node", "node")
    found_theatre(tmp_path / "sarvel", genesis("1", public_key(seed), time.time_ns() // 1_000), seed)
    with serving(tmp_path / "sarvel", 0, door(tmp_path / "issuer.pem.pub")) as (url, _):
        paths = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        environment = os.environ | {"PORT": url.rpartition(":")[2], "PATH": paths}
        done = subprocess.run(
            ["bash", str(SCRIPT)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
    assert done.stderr == ""
    refused, ended = done.stdout.split("\n}\n")[:2]
    assert '"missing_operational_intents"' in refused
    assert '"manager": "uss1"' in refused
    assert '"state": "Activated"' in ended
    assert '"manager": "uss2"' in ended
