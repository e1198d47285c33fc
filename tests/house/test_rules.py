"""The rules of the house, held by reading the source."""

import ast
import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "wideberth"
FILES = sorted(SRC.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))

ROOMS = ["refusal", "limits", "space", "party", "intake", "feeds", "words", "ledger", "theatre"]
ROOMS += ["watch", "sequencer", "evidence"]
SHELLS = {"config", "delivery", "node", "api", "client", "cli", "keys", "demo", "tokens", "load"}
PURE = {"refusal", "limits", "space", "party", "intake", "words", "theatre", "watch"}
EVIDENCE = {
    "given",
    "subject",
    "layout",
    "packed",
    "ed25519",
    "trees",
    "notes",
    "entries",
    "story",
    "drawings",
    "page",
}
FEEDS = {
    "report",
    "parser",
    "sbs",
    "readsb",
    "cot",
    "tak",
    "asterix",
    "asterix_items",
    "remote_id",
    "formats",
}
PURE_PARTS = {
    "evidence": EVIDENCE,
    "feeds": FEEDS,
    "ledger": {"entry", "merkle", "checkpoint", "verify"},
    "tokens": {"verify", "keyset", "memory"},
}
BANNED_IMPORTS = {
    *("time", "random", "secrets", "socket", "os", "subprocess", "asyncio", "threading", "pathlib", "shutil"),
    *("tempfile", "sqlite3", "http", "urllib", "httpx", "uvicorn", "starlette", "logging", "structlog", "io"),
}
BANNED_CALLS = {"open", "print", "input", "now", "utcnow", "today", "urandom", "getenv", "uuid4", "uuid1"}
FUNCTION_LINES_MAX = 70
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef
FILE_LINES_MAX = 450
TABLES = {"limits.py"}
"""Files of figures alone, looked up by name and never read through."""


def room(path: Path) -> str:
    """The first name below the package."""
    return path.relative_to(SRC).parts[0].removesuffix(".py")


def is_pure(path: Path) -> bool:
    """Whether a file belongs to a pure room."""
    return room(path) in PURE or path.stem in PURE_PARTS.get(room(path), set())


def imports(tree: ast.AST) -> set[str]:
    """Every module that a tree imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def parsed(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text())


def name_of(path: Path) -> str:
    """How a test names a file."""
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_rooms_import_only_earlier_rooms(path: Path) -> None:
    """A room knows nothing of the rooms after it, and no room knows the shells."""
    here = room(path)
    if here not in ROOMS:
        return
    for module in imports(parsed(path)):
        if module.startswith("wideberth."):
            there = module.split(".")[1]
            assert there not in SHELLS, f"{here} imports the shell {there}"
            assert there not in ROOMS or ROOMS.index(there) <= ROOMS.index(here), f"{here} imports {there}"


@pytest.mark.parametrize("path", [f for f in FILES if is_pure(f)], ids=name_of)
def test_pure_rooms_touch_nothing(path: Path) -> None:
    """Pure rooms import nothing that reaches a clock, randomness, a socket, a file or the environment."""
    tree = parsed(path)
    assert not {m.split(".")[0] for m in imports(tree)} & BANNED_IMPORTS
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            assert called not in BANNED_CALLS, f"{name_of(path)}:{node.lineno} calls {called}"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_functions_are_short_and_files_readable(path: Path) -> None:
    """No function has 70 lines, no file far more than 400, and every file says what it is for."""
    tree = parsed(path)
    text = path.read_text()
    assert path.name in TABLES or text.count("\n") <= FILE_LINES_MAX, f"{text.count(chr(10))} lines"
    assert not text.strip() or ast.get_docstring(tree), "no module docstring"
    inner = {within for node in ast.walk(tree) if isinstance(node, FUNCTION) for within in ast.walk(node)} - {
        node for owner in [tree, *(n for n in ast.walk(tree) if isinstance(n, ast.ClassDef))] for node in owner.body
    }
    for node in ast.walk(tree):
        if isinstance(node, FUNCTION):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines < FUNCTION_LINES_MAX, f"{node.name}: {lines} lines"
            public = not node.name.startswith("_") and node not in inner
            assert not public or lines <= 8 or ast.get_docstring(node), f"{node.name}: public, no docstring"


@pytest.mark.parametrize("path", FILES + TESTS, ids=name_of)
def test_no_exception_is_swallowed(path: Path) -> None:
    """An exception is handled, or it goes on."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"line {node.lineno}: a bare except"
            assert not (len(node.body) == 1 and isinstance(node.body[0], ast.Pass)), f"line {node.lineno}: swallowed"


@pytest.mark.parametrize("path", TESTS, ids=name_of)
def test_every_test_states_its_promise(path: Path) -> None:
    """A test's docstring is the promise that it keeps."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            assert ast.get_docstring(node), f"{node.name} has no docstring"


def made_docs() -> dict[str, str]:
    """What `tools/make_docs.py` would write."""
    spec = importlib.util.spec_from_file_location("make_docs", ROOT / "tools" / "make_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert all(why for _, _, why in module.limit_rows()), "a limit has no reason"
    return {name: make() for name, make in module.PAGES.items()}


def test_reference_pages_are_those_of_the_code() -> None:
    """Every limit, refusal, transition and command is documented as it is; `python tools/make_docs.py` writes them."""
    for name, text in made_docs().items():
        assert (ROOT / "docs" / name).read_text() == text, f"docs/{name} is out of date"


def test_every_refusal_is_used() -> None:
    """A reason that nothing gives is no part of the closed set."""
    source = "\n".join(path.read_text() for path in FILES if path.name != "refusal.py")
    from wideberth.refusal import Reason

    unused = [reason.name for reason in Reason if f"Reason.{reason.name}" not in source]
    assert not unused


def test_nothing_names_this_machine() -> None:
    """The project speaks of itself alone: no address of a package host in the locked requirements."""
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        assert "://" not in path.read_text(), path.name
