"""Compiled code is kept where it is never stale, and nobody else can put any."""

import os
import subprocess
import sys
from pathlib import Path

SHOW = "import wideberth, os; print(os.environ.get('NUMBA_CACHE_DIR', 'none'))"


def kept_at(**environment: str) -> str:
    """Where a fresh process keeps its compiled code."""
    rest = {k: v for k, v in os.environ.items() if k not in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "TMPDIR")}
    ran = subprocess.run([sys.executable, "-c", SHOW], capture_output=True, text=True, env={**rest, **environment})
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def test_it_is_kept_in_the_users_cache_under_the_hash_of_the_source(tmp_path: Path) -> None:
    """A folder of its own for every version of the room."""
    at = Path(kept_at(XDG_CACHE_HOME=str(tmp_path)))
    assert at.parent == tmp_path / "wideberth"
    assert at.is_dir()


def test_without_a_users_cache_it_is_kept_in_a_temporary_folder_of_ones_own(tmp_path: Path) -> None:
    """A cache that cannot be made gives way to the temporary folder."""
    (tmp_path / "file").write_text("not a folder")
    at = Path(kept_at(XDG_CACHE_HOME=str(tmp_path / "file"), TMPDIR=str(tmp_path)))
    assert at.is_relative_to(tmp_path)
    assert at.stat().st_mode & 0o077 == 0


def test_a_folder_that_others_can_write_to_is_never_used(tmp_path: Path) -> None:
    """What lies there would be run."""
    first = Path(kept_at(XDG_CACHE_HOME=str(tmp_path)))
    first.chmod(0o777)
    assert kept_at(XDG_CACHE_HOME=str(tmp_path), TMPDIR=str(tmp_path / "nowhere")) != str(first)


def test_what_the_operator_sets_stands(tmp_path: Path) -> None:
    """NUMBA_CACHE_DIR is the operator's."""
    assert kept_at(NUMBA_CACHE_DIR=str(tmp_path)) == str(tmp_path)
