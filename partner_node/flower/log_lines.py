"""Touches the world: the service's log, one JSON object a line: names, codes and times, never data, keys or texts."""

import json
import sys
import time
from collections.abc import Mapping


def tell(event: str, **fields: str | int) -> None:
    """Write one line: when, what, and a few named values."""
    line: Mapping[str, str | int] = {"at_s": int(time.time()), "event": event, **fields}
    sys.stderr.write(json.dumps(line, sort_keys=True) + "\n")
    sys.stderr.flush()
