"""Console blocks of a page, run as they stand: a line with "$ " is a command, what follows is its output.

"…" matches anything within a line, a line of "…" alone any number of lines; "[exit N]" states an exit status that is
not 0; a command that ends in " &" goes on in the background.
"""

import re
from pathlib import Path
from typing import NamedTuple


class Example(NamedTuple):
    """A command of a page and what it should say."""

    command: str
    output: tuple[str, ...]
    status: int
    line: int


def examples(page: Path) -> list[Example]:
    """The commands of all console blocks, in order."""
    found: list[Example] = []
    inside = False
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if line.startswith("```"):
            inside = line == "```console"
        elif inside and line.startswith("$ "):
            found.append(Example(line[2:], (), 0, number))
        elif inside and (status := re.fullmatch(r"\[exit (\d+)\]", line)):
            found[-1] = found[-1]._replace(status=int(status[1]))
        elif inside:
            found[-1] = found[-1]._replace(output=(*found[-1].output, line))
    return found


def fits(wanted: tuple[str, ...], got: str) -> bool:
    """Whether an output is what a page states; the narrow spaces of figures are written as spaces there."""
    pieces = []
    for line in wanted:
        if line == "…":
            pieces.append(r"(?:.*\n)*?")
        else:
            pieces.append(r"[^\n]*".join(re.escape(part) for part in line.split("…")) + r"\n")
    return re.fullmatch("".join(pieces), got.replace("\u202f", " ")) is not None
