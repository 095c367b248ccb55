"""Touches the world: `run`: the node as a service, until it is told to stop."""

import os
import signal
import threading

import typer

from partner_node.cli.configured import open_config
from partner_node.cli.telling import NODE_FILE, Lang, NodeFile, door, today

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
# Set before Flower is imported: it neither calls home nor looks for a newer version, and writes nowhere else.
_QUIET = {"FLWR_TELEMETRY_ENABLED": "0", "FLWR_DISABLE_UPDATE_CHECK": "1"}


@app.command("run")
def run_command(*, node: NodeFile = NODE_FILE, lang: Lang = None) -> None:
    """Take part in rounds as they come. The log goes to stderr, one JSON object a line; SIGTERM or Ctrl-C ends it."""
    with door(lang) as teller:
        config = open_config(teller, node, lang)
        os.environ.update(_QUIET, FLWR_HOME=str(config.vault_path.with_name("flower")))
        from partner_node.flower.opening import open_service  # noqa: PLC0415 - Flower takes seconds to import

        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        open_service(node, today=today, stop=stop).run()
