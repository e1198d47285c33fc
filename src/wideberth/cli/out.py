"""What every command needs to speak: exit statuses, the language, the two streams, progress, figures for people.

In:  values of the house.
Out: text; refusals in the reader's language. Results go to standard output, all else to standard error; progress shows
on a terminal alone.
"""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any, Final, TypeVar

import msgspec
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.status import Status
from rich.table import Table

from wideberth.refusal import Refusal

FOUND: Final = 1
BAD_INPUT: Final = 2
FAILED: Final = 3
INTERRUPTED: Final = 130
LANGUAGE: Final = ContextVar("language", default="en")
"""In which of the languages of `voice` the reader reads sentences."""
_OPTION: Final = "--language"
WIDTH: Final = 120
"""Tables are as wide as this where no terminal says otherwise, so that what a pipe gets is the same everywhere."""

T = TypeVar("T")


class Stop(Exception):
    """The command cannot go on; its text is one line that says what to do, `status` the exit status."""

    def __init__(self, text: str, status: int = BAD_INPUT, refusal: Refusal | None = None) -> None:
        """Bad input unless said otherwise; `refusal` is what stands behind the text."""
        super().__init__(text)
        self.status, self.refusal = status, refusal


def accepted(value: T | Refusal) -> T:
    """The value, or the command stops with the refusal's sentence."""
    if isinstance(value, Refusal):
        raise Stop(sentence_of(value), refusal=value)
    return value


def take_language(argv: Sequence[str]) -> list[str]:
    """Set LANGUAGE by `--language` or else by LC_ALL, LC_MESSAGES, LANG; the words without that option.

    Raises `Stop` where the option names no language that is spoken here.
    """
    from wideberth.voice.catalogues import LANGUAGES
    from wideberth.voice.refusals import of_environment

    rest, named = list(argv), None
    for i, word in enumerate(rest):
        name, equals, value = word.partition("=")
        if name == _OPTION:
            named = value if equals else "".join(rest[i + 1 : i + 2])
            del rest[i : i + (1 if equals else 2)]
            break
    if named is not None and named not in LANGUAGES:
        raise Stop(f"{_OPTION} is one of {', '.join(LANGUAGES)}; received {named[:20]!r}.")
    LANGUAGE.set(named or of_environment([os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG")]))
    return rest


def sentence_of(refusal: Refusal) -> str:
    """A refusal as one sentence in the reader's language."""
    from wideberth.voice.refusals import sentence

    return sentence(refusal, LANGUAGE.get())


def say(text: str = "") -> None:
    """A line of the result."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def say_error(text: str) -> None:
    """A line beside the result."""
    sys.stderr.write(f"wideberth: {text}\n")


def say_json(value: Any) -> None:
    """The result for programs."""
    say(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


@contextmanager
def told_as_json(json: bool) -> Iterator[None]:
    """With `json`, whatever stops the command stands on standard output as well, as an object for programs."""
    try:
        yield
    except (Stop, OSError) as stop:
        if json:
            no = stop.refusal if isinstance(stop, Stop) else None
            named = {n: str(getattr(no, n)) for n in ("reason", "field", "limit", "received")} if no is not None else {}
            name = getattr(stop, "filename", None)
            text = str(stop) if isinstance(stop, Stop) else f"{name or ''}: {stop.strerror or stop}."
            say_json({"problem": {"text": text, **named}})
        raise


def table(*columns: str) -> Table:
    """An empty table; a column that begins with "#" holds figures and stands right."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        made.add_column(column.lstrip("#"), justify="right" if column.startswith("#") else "left", overflow="fold")
    return made


def row(to: Table, *cells: object) -> None:
    """A row of plain text."""
    to.add_row(*(escape(str(cell)) for cell in cells))


def show(made: Table) -> None:
    """Print a table."""
    terminal = sys.stdout.isatty()
    console = Console(file=sys.stdout, width=None if terminal else WIDTH, highlight=False, soft_wrap=False)
    with console.capture() as captured:
        console.print(made)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


def progress() -> Progress:
    """A progress bar on standard error; silent where that is no terminal."""
    console = Console(file=sys.stderr)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=not sys.stderr.isatty(), transient=True)


def waiting(what: str) -> Status | nullcontext[None]:
    """Say on a terminal what is waited for."""
    return Console(file=sys.stderr).status(what) if sys.stderr.isatty() else nullcontext()


def tracked(things: Iterable[T], what: str, total: int | None) -> Iterator[T]:
    """The same things, with a progress bar while they go by."""
    with progress() as bar:
        task = bar.add_task(what, total=total)
        waiting, step = 0, 500 if total is None else max(1, min(500, total // 100))
        for thing in things:
            yield thing
            waiting += 1
            if waiting == step:
                bar.advance(task, waiting)
                waiting = 0


def figure(value: float) -> str:
    """A number with narrow spaces between thousands, so that 1 500 cannot be misread."""
    return f"{value:,.0f}".replace(",", "\u202f")


def some(count: int, what: str, many: str = "") -> str:
    """A count with its noun."""
    return f"{figure(count)} {what if count == 1 else many or what + 's'}"


def clock(time_us: int) -> str:
    """Day and time in UTC, to the second."""
    from wideberth.space.units import us_to_time

    return f"{us_to_time(time_us):%Y-%m-%d %H:%M:%S}Z"
