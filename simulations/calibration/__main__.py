"""Touches the world: writes the page of the calibration and its pictures below a `docs` folder."""

import sys
from pathlib import Path

from simulations.calibration.page import pages


def main(arguments: list[str]) -> int:
    """Write the files into the folder that is named, `docs` by default."""
    folder = Path(arguments[0]) if arguments else Path("docs")
    for name, text in pages().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
