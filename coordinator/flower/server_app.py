"""Computes: the coordinator's part as a `ServerApp`: it drives what it was made for over the grid that it gets."""

from collections.abc import Callable, Mapping

from flwr.app import Context
from flwr.serverapp import Grid, ServerApp

from coordinator.flower.road import Road
from protocol.words.ids import PartyId


def server_app(drive: Callable[[Road], None], nodes: Mapping[PartyId, bytes]) -> ServerApp:
    """Return the app. drive: what to do with the channel; nodes: the key with which each party's node logs in."""
    app = ServerApp()

    @app.main()
    def main(grid: Grid, _context: Context) -> None:
        drive(Road(grid, nodes))

    return app
