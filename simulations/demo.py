"""Touches the world: the demo's place. Until the main job exists it says what is missing; it is never faked."""

import sys

MISSING = (
    "rounds between real processes (coordinator/flower, partner_node/flower)",
    "the monitor that serves its releases (coordinator/web)",
)


def main() -> int:
    """Say what is missing and return the usage exit code."""
    print("demo: not there yet; still missing:", file=sys.stderr)
    for part in MISSING:
        print(f"demo:   {part}", file=sys.stderr)
    print('demo: hint: "samenzicht-sim first-light --out out" shows what exists, in one process', file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
