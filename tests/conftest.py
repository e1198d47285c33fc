"""What all tests share: the folder of the simulation beside this one; English, whatever the machine speaks."""

import os
import sys

sys.path.append(os.path.join(os.path.dirname(__file__), "sim"))
os.environ["LC_ALL"] = "C.UTF-8"
