"""Computes: a release as one plain page of HTML, without script, that prints well and reads with a screen reader."""

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from coordinator.table import Figure, ReaderTable
from privacy.language import Language
from protocol.release import NotShown

_WHY = {
    Language.DUTCH: {
        NotShown.TOO_UNCERTAIN: "niet getoond: te onzeker",
        NotShown.NOT_DELIVERED: "geen levering",
        NotShown.WITHDRAWN: "ingetrokken",
    },
    Language.ENGLISH: {
        NotShown.TOO_UNCERTAIN: "not shown: too uncertain",
        NotShown.NOT_DELIVERED: "not delivered",
        NotShown.WITHDRAWN: "withdrawn",
    },
}
_ENVIRONMENT = Environment(
    loader=PackageLoader("coordinator", "templates"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def words_of(figure: Figure, language: Language = Language.DUTCH) -> str:
    """Return a figure as a reader sees it: `23 ± 8`, or why it is not shown."""
    if figure.not_shown is not None:
        return _WHY[language][figure.not_shown]
    return f"{figure.value} ± {figure.margin}"


def table_page(table: ReaderTable, *, source: str, verified: str) -> str:
    """Return the page. source: where the figures come from; verified: the verdict of the check on the release."""
    template = _ENVIRONMENT.get_template("table.html")
    return template.render(table=table, words=words_of, source=source, verified=verified)
