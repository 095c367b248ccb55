"""Touches the world: a model as a strategy of Flower: a `ServerApp` that runs its steps and keeps their history.

To who knows Flower it is a strategy like any other: rounds, coefficients as arrays, metrics by round. What differs is
below: a round is a step of an approved study, its messages are signed frames (`road.py`), and no node sends anything
of its own that could be read. Another model is another curve (`coordinator/models/curves.py`); nothing here changes.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, Context, Message, MetricRecord
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import Result, Strategy

from coordinator.flower.road import Clock, Road
from coordinator.models.curved import reached
from coordinator.models.history import history
from coordinator.models.judged import judge
from coordinator.models.rounds import fitted, next_parameters, opened_steps, plan_for
from coordinator.models.steps import ModelPlan, OpenedStep, missing
from coordinator.rounds import begin, turn
from coordinator.session import Session
from protocol.digest import digest_of
from protocol.round.transitions import State
from protocol.study.study import Study
from protocol.words.ids import PartyId
from protocol.words.period import Period, step_in

COEFFICIENTS = "coefficients"
PAUSE_S = 0.2  # between two turns of a round that waits


@dataclass(slots=True, repr=False)
class ModelSteps(Strategy):
    """The steps of one model over one period. nodes: the key with which each party's node logs in.

    now_s: the time that READYs and due dates are judged by. pause: what to do while a round waits.
    """

    session: Session
    study: Study
    period: Period
    nodes: Mapping[PartyId, bytes]
    now_s: Callable[[], int]
    clock: Clock = time.monotonic
    pause: Callable[[], None] = field(default=lambda: time.sleep(PAUSE_S))

    @property
    def plan(self) -> ModelPlan:
        """The model and its steps."""
        plan = plan_for(self.study, self.period)
        if plan is None:
            raise missing("a study without a model")
        return plan

    def summary(self) -> None:
        """Say nothing: stdout is for results, and the history has the rest."""

    def configure_train(
        self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
    ) -> Iterable[Message]:
        """Return no message of Flower's own: a step is a round of signed frames, which `start` drives."""
        del server_round, arrays, config, grid
        return ()

    def aggregate_train(
        self, server_round: int, replies: Iterable[Message]
    ) -> tuple[ArrayRecord | None, MetricRecord | None]:
        """Return the coefficients that the opened steps lead to, and how far the last one moved them."""
        del replies
        opened = self._opened()[:server_round]
        found = history(self.plan, opened)[-1]
        if found.moved is None:
            return None, MetricRecord({"contributors": found.contributors})
        arrays = ArrayRecord({COEFFICIENTS: _array(reached(self.plan, opened).coefficients)})
        return arrays, MetricRecord({"moved": found.moved, "contributors": found.contributors})

    def configure_evaluate(
        self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
    ) -> Iterable[Message]:
        """Return no message: households kept apart are a step of the study, like any other."""
        del server_round, arrays, config, grid
        return ()

    def aggregate_evaluate(self, server_round: int, replies: Iterable[Message]) -> MetricRecord | None:
        """Return nothing: what a model is worth is known when all steps are open."""
        del server_round, replies
        return None

    def start(  # noqa: PLR0917 - Flower's own signature
        self,
        grid: Grid,
        initial_arrays: ArrayRecord | None = None,
        num_rounds: int | None = None,
        timeout: float = 3_600,
        train_config: ConfigRecord | None = None,
        evaluate_config: ConfigRecord | None = None,
        evaluate_fn: Callable[[int, ArrayRecord], MetricRecord | None] | None = None,
    ) -> Result:
        """Run the steps of the schedule, or the first `num_rounds` of them, and return the history with the fit.

        timeout: seconds for each step. Where to begin is the study's, so `initial_arrays` and the configs are not used.
        Raises: what `begin`, `next_parameters`, `fitted` and `judge` raise.
        """
        del initial_arrays, train_config, evaluate_config
        result, road = Result(), Road(grid, self.nodes, clock=self.clock)
        steps = self.plan.steps[:num_rounds]
        for step in steps:
            self._run(step, road, timeout)
            arrays, metrics = self.aggregate_train(step, ())
            if arrays is not None:
                result.arrays = arrays
            if metrics is not None:
                result.train_metrics_clientapp[step] = metrics
            if evaluate_fn is not None and (found := evaluate_fn(step, result.arrays)) is not None:
                result.evaluate_metrics_serverapp[step] = found
        if steps == self.plan.steps:
            self._finish(result, steps[-1])
        return result

    def _run(self, step: int, road: Road, timeout: float) -> None:
        period, parties = step_in(self.period, step), self.session.member.covenant.participants
        asked = next_parameters(self.session, self.study, period)
        slot = begin(self.session, digest_of(self.study), period, parties, now_s=self.now_s(), asked=lambda: asked).slot
        until_s = self.clock() + timeout
        while turn(self.session, slot, road, taken=lambda _: None).slot.state is not State.DONE:
            if self.clock() > until_s:
                raise missing(f"step {step}, which did not end within {timeout:.0f} s")
            self.pause()

    def _finish(self, result: Result, last: int) -> None:
        model = fitted(self.session, self.study, self.period)
        if model is None:
            return
        judged = judge(self.plan, self._opened(), model)
        result.arrays = ArrayRecord({COEFFICIENTS: _array(model.plain)})
        result.evaluate_metrics_clientapp[last] = MetricRecord(
            {"skill": judged.skill.value, "skill_sd": judged.skill.sd, "single": judged.single.value}
        )

    def _opened(self) -> tuple[OpenedStep, ...]:
        return opened_steps(self.session, self.study, self.period)


def model_app(strategy: ModelSteps, done: Callable[[Result], None]) -> ServerApp:
    """Return the app that runs a model. done: what to do with the history."""
    app = ServerApp()

    @app.main()
    def main(grid: Grid, _context: Context) -> None:
        done(strategy.start(grid))

    return app


def _array(coefficients: object) -> Array:
    return Array(np.asarray(coefficients, dtype=np.float64))
