"""How long `traffic` takes for the closest points of approach of its own `quickstart`: run by its own environment.

    .venv-traffic/bin/python bench/traffic_encounters.py
Out: one line of JSON: rows, seconds, pairs (those whose extents meet: what it gives distances for).
"""

import json
import sys
import time

from traffic.data.samples import quickstart


def main() -> None:
    """Measure once; it takes minutes."""
    begin = time.perf_counter()
    found = quickstart.closest_point_of_approach(lateral_separation=5 * 1852, vertical_separation=1000)
    took = time.perf_counter() - begin
    pairs = 0 if found is None else len(found.data.groupby(["icao24_x", "icao24_y"], observed=True))
    sys.stdout.write(json.dumps({"rows": len(quickstart.data), "seconds": took, "pairs": pairs}) + "\n")


if __name__ == "__main__":
    main()
