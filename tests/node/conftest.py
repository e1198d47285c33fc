"""The node's tests use the same served theatre as those of the API."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "api"))
