"""A model as a strategy of Flower, over the grid in memory: coefficients as over plain rounds, with a history."""

from collections.abc import Callable

import numpy as np
from flwr.app import Context, Message, RecordDict
from flwr.serverapp.strategy import Result, Strategy

from coordinator.flower.memory_grid import MemoryGrid, MemoryNode
from coordinator.flower.model_steps import COEFFICIENTS, ModelSteps, model_app
from coordinator.models.rounds import fitted
from partner_node.flower.client_app import client_app
from protocol.words.ids import PartyId
from simulations.models.agreement import PERIOD
from simulations.models.with_rounds import model_world
from simulations.round_world import RoundWorld
from tests.coordinator.models.small import agreed, households, played, records

NOW_S = 1_770_500_000  # 7 February 2026, when all steps are open
App = Callable[[Message, Context], Message]


def app_of(world: RoundWorld, party: PartyId) -> App:
    return client_app(lambda frame: world.parties[party].receive(frame, NOW_S))


def test_a_model_runs_as_a_strategy_and_keeps_its_history() -> None:
    world = model_world(agreed(), records(households(), agreed().partners))
    keys = {party: f"key of {party}".encode() for party in world.parties}
    grid = MemoryGrid({n: MemoryNode(keys[p], app_of(world, p)) for n, p in enumerate(world.parties, 100)})
    tick, histories = [0.0], list[Result]()

    def pause() -> None:
        tick[0] += 60

    strategy = ModelSteps(
        world.coordinator.session, agreed().study, PERIOD, keys, now_s=lambda: NOW_S, clock=lambda: tick[0], pause=pause
    )
    assert isinstance(strategy, Strategy)
    model_app(strategy, histories.append)(grid, Context(1, 1, {}, RecordDict(), {}))
    (history,) = histories
    assert list(history.train_metrics_clientapp) == [1, 2, 3, 4, 5, 6]
    assert history.evaluate_metrics_clientapp[6]["skill"] > 0.6  # type: ignore[operator]  # a metric of one number
    moved = [metrics["moved"] for metrics in history.train_metrics_clientapp.values() if "moved" in metrics]
    assert len(moved) == 5
    assert moved[-1] < moved[0]  # type: ignore[operator]  # idem
    session = played()[0].coordinator.session
    plain = fitted(session, agreed().study, PERIOD)
    assert plain is not None
    assert np.allclose(history.arrays[COEFFICIENTS].numpy(), plain.plain, atol=0.2)  # the noise is another's
