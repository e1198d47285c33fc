"""Makes the reference pages that are drawn from the code: refusals, limits, transitions, commands.

Run `python tools/make_docs.py` after a change; a test compares what stands in `docs/` with what this would write.
"""

import ast
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, get_args

from wideberth import limits
from wideberth.party import command
from wideberth.refusal import Reason
from wideberth.theatre import lifecycle

DOCS: Final = Path(__file__).parent.parent / "docs"


def refusals() -> str:
    """Every reason with its status, in order of precedence."""
    rows = [f"| {i} | `{r.value}` | {r.status} | {r.heading} |" for i, r in enumerate(Reason, 1)]
    head = [
        "# Refusals",
        "",
        "Made by `tools/make_docs.py` from `src/wideberth/refusal.py`. A refusal names the field, the limit and what",
        "was received; over HTTP it is a problem document (RFC 9457). Where several reasons hold, the first is given.",
        "",
        "| order | reason | HTTP status | meaning |",
        "|---|---|---|---|",
    ]
    return "\n".join([*head, *rows, ""])


def limit_rows() -> list[tuple[str, str, str]]:
    """Name, value and reason of every limit, read from the source."""
    tree = ast.parse(inspect.getsource(limits))
    rows: list[tuple[str, str, str]] = []
    for node, after in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            reason = ""
            if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
                reason = str(after.value.value)
            rows.append((node.target.id, f"{getattr(limits, node.target.id):,}", " ".join(reason.split())))
    return rows


def limits_page() -> str:
    """Every limit with its reason."""
    head = [
        "# Limits",
        "",
        "Made by `tools/make_docs.py` from `src/wideberth/limits.py`. Past a limit comes a refusal that names it,",
        "never a silent cut. What a theatre may choose for itself stands in its charter instead.",
        "",
        "| limit | value | why |",
        "|---|---|---|",
    ]
    return "\n".join([*head, *(f"| `{n}` | {v} | {why} |" for n, v, why in limit_rows()), ""])


def _diagram(rows: list[tuple[str, str, str]], first: str) -> list[str]:
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {first}"]
    lines += [f"    {a} --> {b}: {what}" for a, b, what in rows]
    return [*lines, "```", ""]


def lifecycle_page() -> str:
    """The transition tables as diagrams."""
    operation = [(a.value, b.value, what.replace(";", ",")) for (a, b), what in lifecycle.OPERATION.items()]
    conflict = [(a.value, b.value, event) for (a, event), b in lifecycle.CONFLICT.items()]
    proposal = [(a.value, b.value, event) for (a, event), b in lifecycle.PROPOSAL.items()]
    invitation = [(a.value, b.value, event) for (a, event), b in lifecycle.INVITATION.items()]
    page = [
        "# Transitions",
        "",
        "Made by `tools/make_docs.py` from the tables in `src/wideberth/theatre/lifecycle.py`; nothing else decides a",
        "transition.",
        "",
        "## An operation (states of ASTM F3548-21)",
        "",
        *_diagram(operation, "Accepted"),
        "## A conflict",
        "",
        *_diagram(conflict, "open"),
        "A plan changed to one that lies inside its predecessor is no event: nothing that was agreed falls.",
        "",
        "## A proposal",
        "",
        *_diagram(proposal, "open"),
        "## An invitation",
        "",
        *_diagram(invitation, "pending"),
        *hotline_tables(),
    ]
    return "\n".join(page).rstrip() + "\n"


def hotline_tables() -> list[str]:
    """The transitions of the hotline."""
    reach = [(a.value, b.value, event) for (a, event), b in lifecycle.REACH.items()]
    line = [(a.value, b.value, f"{missed} missed") for (a, missed), b in lifecycle.LINE.items()]
    movement = [(a.value, b.value, event) for (a, event), b in lifecycle.MOVEMENT.items()]
    line += [(a.value, "up", "an answer") for a in lifecycle.LineState if a != "up"]
    rows = [f"| {rung} | {to} | {times} | {what} |" for rung, (to, times, what) in lifecycle.ESCALATION.items()]
    return [
        "## A message with a cell",
        "",
        *_diagram(reach, "sent"),
        "It is effective when every cell that it concerns has come as far as it needs. A new version begins again.",
        "",
        "## Silence",
        "",
        "The first deadline is one acknowledgement time of the charter, by precedence; the next ones follow.",
        "",
        "| rung | next rung | times until the one after | who is asked then |",
        "|---|---|---|---|",
        *rows,
        "",
        "## A line",
        "",
        *_diagram(line, "up"),
        "## A protected movement",
        "",
        *_diagram(movement, "notified"),
        "It is protected in each of these states until it ends: when its last window is over, or its owner lifts it.",
        "",
    ]


def command_types(union: object) -> list[type]:
    """The structs of a union, in order."""
    return [t for t in get_args(union) if isinstance(t, type)]


def said_page() -> str:
    """The closed set of commands with their fields."""
    page = [
        "# What a party can say",
        "",
        "Made by `tools/make_docs.py` from `src/wideberth/party/command.py`. On the wire a command is a MessagePack",
        "array: its tag, then the fields in this order. Texts, descriptions and volumes travel as attached parts;",
        "a field with their name is a place among the envelope's commitments.",
        "",
    ]
    for title, union in (("By a party", command.PartyCommand), ("By the sequencer alone", command.NodeCommand)):
        page += [f"## {title}", "", "| tag | fields | meaning |", "|---|---|---|"]
        for kind in command_types(union):
            fields = ", ".join(f"`{name}`" for name in kind.__struct_fields__)  # type: ignore[attr-defined]
            tag = kind.__struct_config__.tag  # type: ignore[attr-defined]
            page.append(f"| `{tag}` | {fields} | {' '.join((kind.__doc__ or '').split())} |")
        page.append("")
    return "\n".join(page)


PAGES: Final[dict[str, Callable[[], str]]] = {
    "refusals.md": refusals,
    "limits.md": limits_page,
    "lifecycle.md": lifecycle_page,
    "vocabulary-of-commands.md": said_page,
}


def main() -> None:
    """Write every page."""
    for name, make in PAGES.items():
        (DOCS / name).write_text(make())
        sys.stdout.write(f"docs/{name}\n")


if __name__ == "__main__":
    main()
