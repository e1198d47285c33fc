"""The README tells the truth: its example is run, and what it points to is there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def test_the_example_prints_what_the_readme_shows() -> None:
    """The command of the README gives its output, letter by letter, and the exit code it names."""
    block = re.search(r"```console\n\$ \. .*?\n\$ wideberth (.*?)\n(.*?)\n```", README, re.DOTALL)
    assert block is not None
    ran = subprocess.run(
        [sys.executable, "-m", "wideberth.cli", *block[1].split()],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "100", "NO_COLOR": "1"},
        check=False,
    )
    assert ran.stdout.rstrip() == block[2].rstrip()
    assert ran.returncode == 1


@pytest.mark.parametrize("page", sorted({"README.md", *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md"))}))
def test_every_link_leads_somewhere(page: str) -> None:
    """No page points to a file that is not there."""
    text = (ROOT / page).read_text()
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert ((ROOT / page).parent / target).exists(), f"{page} -> {target}"
