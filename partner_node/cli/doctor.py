"""Touches the world: `doctor`: whether this node is ready, point by point."""

from collections.abc import Iterator, Sequence

import typer

from partner_node.cli.reasons import DUTCH
from partner_node.cli.telling import NODE_FILE, AsJson, Lang, Mark, NodeFile, Teller, door, today
from partner_node.doctor import Looked, examine
from privacy.language import Language

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command("doctor")
def doctor_command(*, node: NodeFile = NODE_FILE, as_json: AsJson = False, lang: Lang = None) -> None:
    """See whether everything is ready, and how to mend what is not."""
    with door(lang, as_json=as_json) as teller:
        looked = examine(node, today=today())
        failed = sum(not each.passed for each in looked)
        tree = {"ready": failed == 0, "points": [_tree(each) for each in looked]}
        teller.result(tree, _lines(looked, failed, teller))
        raise typer.Exit(1 if failed else 0)


def _tree(each: Looked) -> dict[str, object]:
    error = each.error or each.warning
    return {
        "point": each.point,
        "mark": Mark.PASS if each.passed else Mark.FAIL,
        "code": error.code if error else "skipped" if each.skipped else "",
        "text": str(error) if error else "",
        "hint": error.hint if error else "",
    }


def _lines(looked: Sequence[Looked], failed: int, teller: Teller) -> Iterator[str]:
    for each in looked:
        mark = Mark.PASS if each.passed else Mark.FAIL
        name = teller.say(f"doctor-{each.point}")
        if each.error is None:
            yield f"{mark} {name}"
            if each.skipped:
                yield teller.say("doctor-skipped")
            if each.warning is not None:
                yield teller.say("doctor-soon", text=str(each.warning))
                yield teller.say("doctor-mend", act=each.warning.hint)
            continue
        yield f"{mark} {name}: {each.error.code}: {each.error}"
        if teller.language is Language.DUTCH and each.error.code in DUTCH:
            yield teller.say("doctor-meaning", text=DUTCH[each.error.code])
        if each.error.hint:
            yield teller.say("doctor-mend", act=each.error.hint)
    yield teller.say("doctor-not-ready", failed=failed) if failed else teller.say("doctor-ready")
