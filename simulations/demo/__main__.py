"""Touches the world: `python -m simulations.demo`, which is `samenzicht-sim demo`; `make demo` calls it."""

import sys

from simulations.cli.app import main

if __name__ == "__main__":
    main(["demo", *sys.argv[1:]])
