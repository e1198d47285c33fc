"""Make the EGM96 grid that ships in src/wideberth/intake/grids from PROJ's egm96_15.gtx.

usage: python tools/make_geoid.py egm96_15.gtx src/wideberth/intake/grids/egm96_15.i16

The source is the file `usr/share/proj/egm96_15.gtx` of Debian's package proj-data (9.1.1-1, public domain): a 40-byte
big-endian header (south, west, step, step, rows, columns) and 32-bit floats in metres, from south to north and from
180 W to the east. Out: 16-bit little-endian integers in centimetres in the same order. Needs numpy.
"""

import struct
import sys
from pathlib import Path

import numpy as np

ROWS, COLUMNS = 721, 1440


def main(source: str, target: str) -> None:
    """Read, check the header, round to centimetres, write."""
    data = Path(source).read_bytes()
    header = struct.unpack(">4d2i", data[:40])
    if header != (-90.0, -180.0, 0.25, 0.25, ROWS, COLUMNS):
        raise SystemExit(f"{source}: not the 15-minute grid, its header says {header}")
    metres = np.frombuffer(data[40:], ">f4").reshape(ROWS, COLUMNS)
    centimetres = np.round(metres.astype(np.float64) * 100)
    Path(target).write_bytes(centimetres.astype("<i2").tobytes())
    sys.stdout.write(f"{target}: {centimetres.size} heights from {metres.min():.2f} m to {metres.max():.2f} m\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
