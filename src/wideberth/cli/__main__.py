"""`python -m wideberth.cli`: the same as `wideberth`."""

from wideberth.cli import main

main()
