"""Touches the world: `model PERIOD`: the fitted model of a study, with intervals, or the reason why there is none."""

from pathlib import Path
from typing import Annotated

import typer

from coordinator.cli.telling import AsJson, Folder, Lang, said, show, show_table, tell, telling
from coordinator.models.fitted import Coefficient, FittedModel
from coordinator.models.history import StepMetrics, history
from coordinator.models.judged import Judged, judge
from coordinator.models.rounds import fitted, opened_steps, plan_for
from coordinator.models.steps import ModelPlan, missing
from coordinator.office import open_office
from privacy.language import Language
from protocol.study.model import ModelMeasure
from protocol.words.period import Period, is_period, step_of

CAVEATS = (
    (
        "Een samenhang is geen oorzaak, en geen uitspraak over een huishouden: dit gaat over groepen.",
        "An association is no cause, and says nothing of one household: this is about groups.",
    ),
    (
        "Intervallen van 95 % zijn van toeval en ruis samen, per kenmerk; 'aangetoond' telt alle kenmerken mee (Holm).",
        "95 % intervals hold for chance and noise together, each by itself; 'demonstrated' counts all features (Holm).",
    ),
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("model")(model_command)


def model_command(
    period: Annotated[str, typer.Argument(metavar="PERIOD", help="the days of the model: 2026, 2026-H1, 2026-Q1")],
    *,
    study: Annotated[
        str | None, typer.Option("--study", help="id of the study; needed where several have a model")
    ] = None,
    steps: Annotated[
        bool, typer.Option("--history", help="only the steps so far: who took part and how far each still moved")
    ] = False,
    folder: Folder = Path(),
    as_json: AsJson = False,
    lang: Lang = Language.DUTCH,
) -> None:
    """Fit the model of a study from its steps and show it; one that does not beat naive ones is refused."""
    if not is_period(period) or step_of(Period(period)) is not None:
        raise typer.BadParameter("2026, 2026-H1, 2026-Q1 or 2026-01", param_hint="PERIOD")
    with telling(as_json=as_json), open_office(folder, read_only=True) as office:
        found = [
            signed.study
            for signed in office.studies().values()
            if study in {None, signed.study.id}
            and any(isinstance(measure, ModelMeasure) for measure in signed.study.measures)
        ]
        if len(found) != 1:
            raise missing("no study with a model, or several")
        session, days = office.session(), Period(period)
        plan, opened = plan_for(found[0], days), opened_steps(session, found[0], days)
        if plan is None:
            raise missing("a study without a model")
        metrics = history(plan, opened)
        model = None if steps else fitted(session, found[0], days)
        judged = None if model is None else judge(plan, opened, model)
    tree = _history_tree(plan, metrics)
    if model is not None and judged is not None:
        for words in CAVEATS:
            tell(said(lang, *words))
        tree |= _tree(model, judged)
    show(tree, [] if judged is None else [_worth(judged, lang)], as_json=as_json)
    if as_json:
        return
    if model is not None:
        number = said(lang, "waarde", "value") if plan.model.curve is None else said(lang, "verhouding", "ratio")
        columns = said(lang, f"kenmerk {number} van tot aangetoond", f"feature {number} from to demonstrated").split()
        show_table(columns, [_row(each, plan, lang) for each in model.coefficients[1:]])
    show_table(
        said(lang, "stap;gevraagd;partners;verschuiving", "step;asked;partners;moved").split(";"),
        [_step_row(each) for each in metrics],
    )


def _step_row(one: StepMetrics) -> tuple[object, ...]:
    moved = "" if one.moved is None else f"{one.moved:.3f}"
    return one.period, ", ".join(dict.fromkeys(one.statistics)), one.contributors, moved


def _history_tree(plan: ModelPlan, metrics: tuple[StepMetrics, ...]) -> dict[str, object]:
    return {
        "model": plan.measure,
        "period": plan.period,
        "history": [
            {
                "round": each.period,
                "statistics": list(each.statistics),
                "contributors": each.contributors,
                "moved": each.moved,
            }
            for each in metrics
        ],
    }


def _worth(judged: Judged, lang: Language) -> str:
    skill, sd, naive, single = judged.skill.value, judged.skill.sd, judged.naive, judged.single.value
    return said(
        lang,
        f"op huishoudens die het model niet kent: {skill:.2f} (standaardfout {sd:.3f}); dezelfde kans voor iedereen: "
        f"{naive:.2f}; alleen het kenmerk dat het meest zegt: {single:.2f}",
        f"on households that it does not know: {skill:.2f} (standard error {sd:.3f}); the same chance for all: "
        f"{naive:.2f}; the feature that says most alone: {single:.2f}",
    )


def _row(one: Coefficient, plan: ModelPlan, lang: Language) -> tuple[object, ...]:
    """Return a feature's line: of a model with a curve its ratio, of a linear one its value, each with its interval."""
    if plan.model.curve is None:
        (low, high), middle, digits = one.interval, one.value, 3
    else:
        (low, middle, high), digits = one.odds_ratio, 2
    shown = said(lang, "ja", "yes") if one.demonstrated else said(lang, "nee", "no")
    return one.label, f"{middle:.{digits}f}", f"{low:.{digits}f}", f"{high:.{digits}f}", shown


def _tree(model: FittedModel, judged: Judged) -> dict[str, object]:
    return {
        "households": round(model.households),
        "coefficients": [
            {
                "feature": each.label,
                "value": each.value,
                "interval": list(each.interval),
                "ratio": list(each.odds_ratio),
                "sd_chance": each.sampling_sd,
                "sd_noise": each.noise_sd,
                "demonstrated": each.demonstrated,
            }
            for each in model.coefficients
        ],
        "skill": {"value": judged.skill.value, "sd": judged.skill.sd},
        "naive": judged.naive,
        "best_single_feature": {"value": judged.single.value, "sd": judged.single.sd},
        "calibration": [
            {"predicted": each.predicted, "observed": each.observed.value, "sd": each.observed.sd}
            for each in judged.calibration
        ],
    }
