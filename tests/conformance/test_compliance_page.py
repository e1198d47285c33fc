"""The page of compliance is that of the tests."""

import importlib.util
from pathlib import Path
from types import ModuleType

from conformance_kit import f3411, f3548

ROOT = Path(__file__).parents[2]


def maker() -> ModuleType:
    """`tools/make_f3548.py`."""
    spec = importlib.util.spec_from_file_location("make_f3548", ROOT / "tools" / "make_f3548.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_that_of_the_tests() -> None:
    """docs/f3548.md says what the marks say; `python tools/make_f3548.py` writes it."""
    assert (ROOT / "docs" / "f3548.md").read_text() == maker().page(), "docs/f3548.md is out of date"


def test_every_requirement_is_held_or_said_not_to_be() -> None:
    """No test names a requirement that the page does not explain, and the page claims none that no test names."""
    assert maker().unknown() == set()


def test_the_page_reads_the_marks_that_pytest_sees() -> None:
    """What the page reads off the source is what the marks are."""
    for mark, standard in ((f3548("DSS0005,1", "DSS0015"), "astm.f3548.v21."), (f3411("DSS0050"), "astm.f3411.v22a.")):
        assert mark.name == "requirement"
        assert all(name.startswith(standard) for name in mark.args)
    assert {i for held in maker().tests() for i in held.ids} >= {"astm.f3548.v21.DSS0005,1", "astm.f3411.v22a.DSS0050"}
