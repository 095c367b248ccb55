"""Touches the world: the demo's place. Until the main job exists it says what is missing; it is never faked."""

import sys

MISSING = (
    "partner nodes that read a partner's files (partner_node)",
    "a coordinator that releases and publishes (coordinator)",
)


def main() -> int:
    """Say what is missing and return the usage exit code."""
    print("demo: not there yet; still missing:", file=sys.stderr)
    for part in MISSING:
        print(f"demo:   {part}", file=sys.stderr)
    print('demo: hint: "make test" runs what exists', file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
