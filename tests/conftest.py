"""What all tests share: the folder of `worlds`, and the seed of a failing simulation on screen."""

import os

os.environ.setdefault("NUMBA_CACHE_DIR", os.path.join(os.path.dirname(__file__), "..", ".numba"))
