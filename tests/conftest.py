"""What all tests share: the folder of the simulation beside this one."""

import os
import sys

sys.path.append(os.path.join(os.path.dirname(__file__), "sim"))
