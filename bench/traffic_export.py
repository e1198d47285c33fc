"""Writes the recorded flights of the package `traffic` as plain arrays: run by its own environment (`make traffic`).

In:  `traffic.data.samples.quickstart` (ADS-B as received around Paris, 2021-10-07, 1 s) or another of its samples, such
     as `switzerland` (2018-08-01, 10 s; it does not say what is on the ground). Their licence is unstated, so nothing
     of them is kept in the repository.
Out: bench/out/traffic.npz (or the path given) with one row a sample: flight number, seconds since 1970, latitude,
     longitude, altitude in feet, whether on the ground. A path that ends in .parquet gets the frame as it is.

    .venv-traffic/bin/python bench/traffic_export.py bench/out/switzerland.parquet switzerland
"""

import sys

import numpy as np
from traffic.data import samples


def main(path: str, sample: str = "quickstart") -> None:
    """Write every flight's samples, in order of time."""
    flights = getattr(samples, sample)
    if path.endswith(".parquet"):
        flights.data.to_parquet(path)
        sys.stdout.write(f"{len(flights.data):,} rows -> {path}\n")
        return
    rows = []
    names = []
    for number, flight in enumerate(flights):
        data = flight.data.dropna(subset=["latitude", "longitude", "altitude"]).sort_values("timestamp")
        seconds = data.timestamp.astype("datetime64[ns, UTC]").astype("int64").to_numpy() / 1e9
        ground = data.onground.fillna(False) if "onground" in data else np.zeros(len(data))
        columns = (seconds, data.latitude, data.longitude, data.altitude, ground)
        block = np.column_stack([np.full(len(data), number), *(np.asarray(c, dtype=float) for c in columns)])
        rows.append(block)
        names.append(f"{flight.callsign}/{flight.icao24}")
    np.savez_compressed(path, samples=np.concatenate(rows), names=np.array(names))
    sys.stdout.write(f"{len(names)} flights, {sum(map(len, rows)):,} samples -> {path}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
