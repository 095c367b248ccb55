"""Touches the world: `python -m simulations.demo`, which is `samenzicht-sim demo`; `make demo` calls it."""

import sys

from simulations.cli.app import app

if __name__ == "__main__":
    app(["demo", *sys.argv[1:]], prog_name="samenzicht-sim")
