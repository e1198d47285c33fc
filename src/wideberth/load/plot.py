"""A load as a picture: throughput and waiting over the number of planners, the peak marked.

In:  a `Report`, a file to write.
Out: a PNG file.
matplotlib is wanted for this alone and imported when it is: `missing` says how to get it.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from wideberth.load.ramp import Report
from wideberth.load.tally import Step

INSTALL: Final = "A plot needs matplotlib: pip install 'wideberth[plot]'."
INK, SECOND, THIRD = "#1f4e79", "#b35900", "#7a1f5c"


def missing() -> str:
    """How to get what a plot needs; empty where it is there."""
    return "" if find_spec("matplotlib") else INSTALL


def plot(report: Report, file: Path) -> None:
    """Write the picture."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 8), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    steps = [*report.steps, *((report.past_peak,) if report.past_peak else ())]
    what = "intents accepted" if report.load.puts else "flights"
    planners = [step.planners for step in steps]
    _throughput(above, steps, report.steps[report.peak], what)
    for name, colour in (("p50_ms", INK), ("p95_ms", SECOND), ("p99_ms", THIRD)):
        shown = [(step.planners, getattr(step.kinds["flight"], name)) for step in steps if "flight" in step.kinds]
        below.plot(*zip(*shown, strict=True), "o-", color=colour, label=name.removesuffix("_ms"))
    below.set_ylabel(f"{'request' if report.load.puts else 'whole flight'}, ms")
    below.set_xlabel("planners")
    below.set_yscale("log")
    for axes in (above, below):
        axes.set_xscale("log", base=2)
        axes.set_xticks(planners, [str(n) for n in planners])
        axes.grid(visible=True, alpha=0.3)
        axes.legend(loc="best")
    above.set_title(f"{report.machine}\n{report.began}, {report.load.seconds:g} s a step, successes alone", fontsize=9)
    figure.savefig(file, format="png", dpi=120)


def _throughput(axes: Any, steps: list[Step], peak: Step, what: str) -> None:
    planners = [step.planners for step in steps]
    axes.plot(planners, [step.flights_per_s for step in steps], "o-", color=INK, label=f"{what} a second")
    refused = [sum((*step.refused.values(), *step.refused_bare.values())) / step.seconds for step in steps]
    lost = [(step.timeouts + step.broken) / step.seconds for step in steps]
    if any(refused):
        axes.plot(planners, refused, "s--", color=SECOND, label="refused a second (429, 503)")
    if any(lost):
        axes.plot(planners, lost, "x:", color=THIRD, label="unanswered a second")
    axes.annotate(
        f"peak {peak.flights_per_s:,.1f}/s at {peak.planners}",
        (peak.planners, peak.flights_per_s),
        textcoords="offset points",
        xytext=(0, -18),
        ha="right",
        color=INK,
    )
    axes.plot([peak.planners], [peak.flights_per_s], "o", ms=11, mfc="none", mec=INK)
    axes.set_ylabel("a second")
    axes.set_ylim(bottom=0)
