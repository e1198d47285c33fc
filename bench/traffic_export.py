"""Writes the recorded flights of the package `traffic` as plain arrays: run by its own environment (`make traffic`).

In:  `traffic.data.samples.quickstart` (ADS-B as received around Paris, 2021-10-07, 1 s; its licence is unstated, so
     nothing of it is kept in the repository).
Out: bench/out/traffic.npz with one row a sample: flight number, seconds since 1970, latitude, longitude, altitude in
     feet, whether on the ground.
"""

import sys

import numpy as np
from traffic.data.samples import quickstart


def main(path: str) -> None:
    """Write every flight's samples, in order of time."""
    rows = []
    names = []
    for number, flight in enumerate(quickstart):
        data = flight.data.dropna(subset=["latitude", "longitude", "altitude"]).sort_values("timestamp")
        seconds = data.timestamp.astype("datetime64[ns, UTC]").astype("int64").to_numpy() / 1e9
        columns = (seconds, data.latitude, data.longitude, data.altitude, data.onground.fillna(False))
        block = np.column_stack([np.full(len(data), number), *(np.asarray(c, dtype=float) for c in columns)])
        rows.append(block)
        names.append(f"{flight.callsign}/{flight.icao24}")
    np.savez_compressed(path, samples=np.concatenate(rows), names=np.array(names))
    sys.stdout.write(f"{len(names)} flights, {sum(map(len, rows)):,} samples -> {path}\n")


if __name__ == "__main__":
    main(sys.argv[1])
