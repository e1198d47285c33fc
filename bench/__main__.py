"""Run the figures, print one table, write `bench/out/figures.json`: {figure: {"ours": x, "peer": y, "unit": u}}.

`bench/out/table.md` is the same table for the docs.
"""

import argparse
import importlib
import json
import pkgutil
import sys
import time

from rich.table import Table

import bench
from bench.frame import OUT, Figure, console, machine


def subjects() -> list[str]:
    """Names of the files that measure something."""
    names = [module.name for module in pkgutil.iter_modules(bench.__path__)]
    return sorted(name.removesuffix("_bench") for name in names if name.endswith("_bench"))


HEADINGS = ("figure", "ours", "peer", "ratio", "target")


def cells(f: Figure) -> tuple[str, ...]:
    """One row."""
    peer = f"{f.peer:,.5g} {f.unit} {f.peer_name}" if f.peer is not None else f.peer_name
    met = {True: "met ", False: "missed ", None: ""}[f.met]
    ratio = f"{f.ratio:,.3g} x" if f.ratio is not None else ""
    return f.name, f"{f.ours:,.5g} {f.unit}", peer, ratio, met + f.target


def show(figures: list[Figure]) -> None:
    """The table for people, what each figure means below it."""
    table = Table(title=f"wideberth beside what one would use instead\n{machine()}")
    for heading in HEADINGS:
        table.add_column(heading, justify="right" if heading in {"ours", "ratio"} else "left", no_wrap=True)
    for f in figures:
        table.add_row(*cells(f), style="red" if f.met is False else None)
    console.print(table)
    for f in figures:
        console.print(f"[bold]{f.name}[/]: {f.note}", highlight=False)


def markdown(figures: list[Figure], command: str) -> str:
    """The same for the docs."""
    lines = [f"`{command}`, {machine()}", "", f"| {' | '.join(HEADINGS)} |", "|---" * len(HEADINGS) + "|"]
    lines += [f"| {' | '.join(cells(f))} |" for f in figures]
    notes = [f"- `{f.name}`: {f.note}" for f in figures if f.note]
    return "\n".join([*lines, "", *notes, ""])


def main() -> None:
    """Everything, or what `--only` names."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under five minutes; slow peers by their kept figures")
    parser.add_argument("--only", choices=subjects(), action="append", help="one subject; may be repeated")
    options = parser.parse_args()
    figures: list[Figure] = []
    for subject in options.only or subjects():
        begin = time.perf_counter()
        console.rule(subject)
        figures += importlib.import_module(f"bench.{subject}_bench").run(options.quick)
        console.print(f"{subject}: {time.perf_counter() - begin:.0f} s")
    show(figures)
    OUT.mkdir(exist_ok=True)
    numbers = {f.name: {"ours": f.ours, "peer": f.peer, "unit": f.unit} for f in figures}
    (OUT / "table.md").write_text(markdown(figures, " ".join(["python -m bench", *sys.argv[1:]])))
    (OUT / "figures.json").write_text(json.dumps(numbers, indent=1) + "\n")


if __name__ == "__main__":
    main()
