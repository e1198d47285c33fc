"""What a watch compiles, it compiles before its first report: nobody waits for an alert while code is made."""

import subprocess
import sys
from pathlib import Path

RUN = """
import random, sys
import numpy as np
from numba.core.registry import CPUDispatcher
from wideberth.watch.rehearsal import rehearse
from worlds import charter

def compiled():
    found = {}
    for name, module in list(sys.modules.items()):
        if name.startswith(("wideberth.watch", "wideberth.space")):
            for key, value in vars(module).items():
                if isinstance(value, CPUDispatcher):
                    found[f"{value.__module__}.{value.__name__}"] = set(map(str, value.signatures))
    return found

rehearse(charter())
before = compiled()
from geographiclib.geodesic import Geodesic
from watch_kit import T0, us
from test_watch_entry import square, zone
from wideberth.feeds.report import AddressKind, Method, Report
from wideberth.space.volume import Circle
from wideberth.watch.entry import ZoneKind
from wideberth.watch.watch import Watch
from wideberth.watch.whose import Own
draw = random.Random(7)
watch = Watch(charter(), sites={"tower": (48_000_000_000, 8_000_000_000)})
kinds = list(zip(("a", "b", "tower", "tak"), (AddressKind.ICAO, AddressKind.ICAO, AddressKind.RADAR, AddressKind.UID),
                 (Method.ADS_B, Method.MLAT, Method.RADAR, Method.REPORTED)))
things = [(draw.uniform(47.8, 48.2), draw.uniform(7.8, 8.2), draw.uniform(0, 360)) for _ in range(80)]

def maybe(value, odds=0.7):
    return value if draw.random() < odds else None

def report(k, t, source, kind, method):
    lat, lon, track = things[k]
    end = Geodesic.WGS84.Direct(lat, lon, track, 150.0 * t)
    if draw.random() < 0.02:
        end["lat2"] += 3
    return Report(source, f"{k:06x}" if kind is AddressKind.ICAO else f"{source}/{k}", kind, method, us(t), us(t + 0.1),
        maybe(round(end["lat2"] * 1e9), 0.95), maybe(round(end["lon2"] * 1e9), 1), maybe(3_000 + 200 * (k % 9)),
        maybe(1_000_000 + 60_000 * (k % 9)), maybe(150_000), maybe(round(end["azi2"] % 360 * 1e3) % 360_000),
        maybe(5_000, 0.3), callsign=f"C{k}", on_ground=maybe(k == 1), accuracy_mm=maybe(60_000),
        category=draw.choice(("", "B6", "A3")))

watch.watch_all("ATS")
watch.assign(AddressKind.ICAO, "000003", Own("AAA", "p"))
watch.assign_callsign("C5", Own("BBB", "q"))
watch.zones.put(zone(square(48, 8, 4_000), "p", kind=ZoneKind.OPERATION))
watch.zones.put(zone(Circle(48_000_000_000, 8_100_000_000, 3_000_000), "q", kind=ZoneKind.LINE, owner="BBB"))
found = 0
for t in range(25):
    for source in kinds:
        batch = [report(k, t, *source) for k in range(len(things)) if draw.random() < 0.8]
        batch = [r for r in batch if (r.lat_nd is None) == (r.lon_nd is None)]
        watch.reports(batch)
    found += len(watch.sweep(us(t)).changes)
    if t == 12:
        watch.zones.drop("q")
assert found > 50, found
assert watch.view("ATS").alerts
after = compiled()
new = {name: sorted(after[name] - before.get(name, set())) for name in after if after[name] - before.get(name, set())}
print(len(before), sum(map(bool, before.values())))
for name, signatures in new.items():
    print("NEW", name, signatures)
"""


def test_a_sky_of_all_kinds_compiles_nothing_after_the_rehearsal() -> None:
    """Sources of all kinds, gaps in every field, twins, drones and zones: no function meets types of its own."""
    tests = Path(__file__).parents[1]
    code = f"import sys; sys.path[:0] = [{str(tests)!r}, {str(tests / 'watch')!r}]\n{RUN}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    first, *new = done.stdout.splitlines()
    assert int(first.split()[1]) >= 15
    assert new == []
