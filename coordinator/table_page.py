"""Computes: a release as one plain page of HTML, without script, that prints well and reads with a screen reader."""

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from coordinator.table import Figure, ReaderTable
from protocol.release import NotShown

_WHY = {
    NotShown.TOO_UNCERTAIN: "te onzeker",
    NotShown.NOT_DELIVERED: "niet geleverd",
    NotShown.WITHDRAWN: "ingetrokken",
}
_ENVIRONMENT = Environment(
    loader=PackageLoader("coordinator", "templates"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def words_of(figure: Figure) -> str:
    """Return a figure in Dutch: `23 ± 8`, or why it is not shown."""
    if figure.not_shown is not None:
        return f"niet getoond: {_WHY[figure.not_shown]}"
    return f"{figure.value} ± {figure.margin}"


def table_page(table: ReaderTable, *, source: str, verified: str) -> str:
    """Return the page. source: where the figures come from; verified: the verdict of the check on the release."""
    template = _ENVIRONMENT.get_template("table.html")
    return template.render(table=table, words=words_of, source=source, verified=verified)
