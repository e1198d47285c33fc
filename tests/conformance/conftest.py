"""The suppliers' tests use the same served theatre as those of the API, and mark the requirements that they hold."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "api"))


def pytest_configure(config: pytest.Config) -> None:
    """What `conformance_kit.f3548` and `f3411` put on a test; `tools/make_f3548.py` reads it."""
    config.addinivalue_line("markers", "requirement(*ids): the requirements of a standard that a test holds")
