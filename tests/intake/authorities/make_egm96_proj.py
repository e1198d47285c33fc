"""Write egm96_proj.csv: EGM96 heights by PROJ's own reading (bilinear) of its grid.

usage: python tests/intake/authorities/make_egm96_proj.py FOLDER > tests/intake/authorities/egm96_proj.csv

FOLDER holds egm96_15.gtx (Debian package proj-data 9.1.1-1, usr/share/proj). Rows: latitude, longitude, metres. The
first 100 places are nodes of the grid, where every interpolation must agree; the others lie anywhere.
"""

import random
import sys

import pyproj

pyproj.datadir.append_data_dir(sys.argv[1])
chooser = random.Random(96)
pipeline = "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=vgridshift +grids=egm96_15.gtx"
transformer = pyproj.Transformer.from_pipeline(pipeline)
for i in range(300):
    lat, lon = chooser.uniform(-89.9, 89.9), chooser.uniform(-180, 179.9)
    if i < 100:
        lat, lon = round(lat * 4) / 4, round(lon * 4) / 4
    height = -transformer.transform(lon, lat, 0.0)[2]  # forward takes the geoid off
    sys.stdout.write(f"{lat:.9f},{lon:.9f},{height:.4f}\n")
