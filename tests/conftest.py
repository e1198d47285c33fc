"""What all tests share: the folders of `worlds` and `simulation`, and one cache of compiled code."""

import os
import sys

os.environ.setdefault("NUMBA_CACHE_DIR", os.path.join(os.path.dirname(__file__), "..", ".numba"))
sys.path.append(os.path.join(os.path.dirname(__file__), "sim"))
