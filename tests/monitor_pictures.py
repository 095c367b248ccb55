"""Takes the pictures of the monitor in `docs/pictures`, in Debian's Chromium, of a monitor that is served.

make demo                                                       (leaves it served on http://127.0.0.1:8430)
python -m tests.monitor_pictures [ADDRESS]
"""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.conftest import PROGRAM_OF
from tests.house import ROOT

FOLDER = ROOT / "docs" / "pictures"
WIDTH, HEIGHT = 1280, 1060  # a whole map, and what stands beside it
PICTURES = {
    "monitor-wijken": "/wijken?gebied=WK990113",
    "monitor-overzicht": "/overzicht",
    "monitor-gebied": "/gebied/WK990113",
}
MAX_BYTES = 300_000
SERVED = "http://127.0.0.1:8430"


def take(address: str, folder: Path) -> None:
    """Take each picture. folder: where they go."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=f"/usr/bin/{PROGRAM_OF['chromium']}", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        for name, path in PICTURES.items():
            answer = page.goto(address + path)
            if answer is None or not answer.ok:
                raise SystemExit(f"no page at {address}{path}")
            body = page.screenshot(path=folder / f"{name}.png")
            if len(body) > MAX_BYTES:
                raise SystemExit(f"{name}.png has {len(body)} bytes, more than {MAX_BYTES}")
        browser.close()


if __name__ == "__main__":
    take(sys.argv[1] if len(sys.argv) > 1 else SERVED, FOLDER)
