"""Every figure that is claimed, measured in one command: `make bench`, or `python -m bench [--quick] [--only NAME]`.

One file a subject, `<subject>_bench.py`, with `run(quick: bool) -> list[Figure]`; whatever has that name is found. What
they share stands in `frame.py` (timing, percentiles, kept peers) and `world.py` (the workloads).
"""
