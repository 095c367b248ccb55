"""Touches the world: writes the tables of `docs/` that the code decides: every error, and every value on the wire.

Run `python -m tests.make_docs` after a change; `tests/docs/test_docs.py` holds that the files are up to date.
"""

import inspect
import pkgutil
from collections.abc import Iterator
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal, NewType, get_args, get_origin

from annotated_types import Ge, Le, Lt, MaxLen, MinLen
from pydantic import StringConstraints
from pydantic.fields import FieldInfo

from protocol.errors import SamenzichtError
from protocol.round.transitions import Side, diagram, table_rows
from protocol.wire import WireValue
from tests.house import PACKAGES, ROOT

DOCS = ROOT / "docs"
BENCHMARKS = "simulations.benchmarks"
TRANSITIONS, END = "<!-- transitions -->\n", "<!-- end -->\n"


def load_house() -> None:
    """Import every module of the house but the benchmarks, so that every class is known."""
    for package in PACKAGES:
        for found in pkgutil.walk_packages([str(ROOT / package)], prefix=f"{package}."):
            if not found.name.startswith(BENCHMARKS):
                import_module(found.name)


def every_subclass(root: type[Any]) -> list[type[Any]]:
    """Return every class of the house below `root`, in order of module and name."""
    load_house()
    found: set[type[Any]] = set()
    waiting = [root]
    while waiting:
        for kind in waiting.pop().__subclasses__():
            waiting.append(kind)
            if kind.__module__.split(".")[0] in PACKAGES:
                found.add(kind)
    return sorted(found, key=lambda kind: (kind.__module__, kind.__name__))


def errors_page() -> str:
    """Return docs/errors.md."""
    lines = [
        "# Errors",
        "",
        "Every error says what was got, what was wanted and who must act; `--json` gives it too. Exit code 1: a rule",
        "said no, nothing was changed. Exit code 3: something broke. Made from the code by",
        "`python -m tests.make_docs`.",
        "",
        "| code | exit | meaning | file |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| `{kind.code}` | {kind.exit_code} | {_first_line(kind)} | `{_file_of(kind)}` |"
        for kind in every_subclass(SamenzichtError)
    ]
    return "\n".join(lines) + "\n"


def wire_page() -> str:
    """Return docs/wire.md."""
    lines = [
        "# Values on the wire",
        "",
        "Every value that crosses a border, field by field, in the order of the code; on the wire the keys are sorted.",
        "`docs/protocol.md` says how they are encoded and what must hold between them. Made from the code by",
        "`python -m tests.make_docs`.",
    ]
    for kind in every_subclass(WireValue):
        lines += ["", f"## {kind.__name__}", "", f"{_first_line(kind)} (`{_file_of(kind)}`)", ""]
        lines += ["| field | form |", "|---|---|"]
        lines += [f"| `{name}` | {_form(field)} |" for name, field in kind.model_fields.items()]
    return "\n".join(lines) + "\n"


def protocol_page() -> str:
    """Return docs/protocol.md with the table of transitions in its place."""
    text = (DOCS / "protocol.md").read_text()
    head, _, rest = text.partition(TRANSITIONS)
    _, _, tail = rest.partition(END)
    lines = ["", "| side | in state | at | goes to | durable first | then sends |", "|---|---|---|---|---|---|"]
    lines += table_rows()
    for side in Side:
        lines += ["", f"The {side}:", "", "```mermaid", diagram(side), "```"]
    return head + TRANSITIONS + "\n".join(lines) + "\n" + END + tail


def pages() -> dict[Path, str]:
    """Return every page that is made from the code."""
    return {
        DOCS / "errors.md": errors_page(),
        DOCS / "protocol.md": protocol_page(),
        DOCS / "wire.md": wire_page(),
    }


def _first_line(kind: type[Any]) -> str:
    return (inspect.getdoc(kind) or "").splitlines()[0]


def _file_of(kind: type[Any]) -> str:
    return Path(inspect.getfile(kind)).relative_to(ROOT).as_posix()


def _form(field: FieldInfo) -> str:
    return _annotation(field.annotation, tuple(field.metadata))


def _annotation(annotation: Any, limits: tuple[Any, ...]) -> str:  # noqa: ANN401 - types are values here
    if isinstance(annotation, NewType):
        return f"{annotation.__name__}: {_annotation(annotation.__supertype__, limits)}"
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        inner = [part for item in arguments[1:] for part in (item.metadata if isinstance(item, FieldInfo) else [item])]
        return _annotation(arguments[0], (*limits, *inner))
    if origin is Literal:
        return " or ".join(f"`{_json(value)}`" for value in arguments)
    if origin is tuple:
        return f"list{_limits(limits)} of {_annotation(arguments[0], ())}"
    if arguments:
        return " or ".join(_annotation(option, ()) for option in arguments)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return "one of " + ", ".join(f"`{item.value}`" for item in annotation)
    if isinstance(annotation, type) and issubclass(annotation, WireValue):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    names = {"str": "string", "int": "integer", "NoneType": "null", "bool": "true or false", "date": "day `YYYY-MM-DD`"}
    return names[annotation.__name__] + _limits(limits)


def _limits(limits: tuple[Any, ...]) -> str:
    texts = list(_limit_texts(limits))
    return f" ({', '.join(texts)})" if texts else ""


def _limit_texts(limits: tuple[Any, ...]) -> Iterator[str]:
    for limit in limits:
        match limit:
            case StringConstraints(pattern=pattern, max_length=most):
                yield "`" + str(pattern).replace("|", "\\|") + "`"
                if most:
                    yield f"at most {most} characters"
            case Ge(ge=least):
                yield f"at least {least}"
            case Le(le=most):
                yield f"at most {most}"
            case Lt(lt=most):
                yield f"below {most}"
            case MinLen(min_length=least):
                yield f"at least {least}"
            case MaxLen(max_length=most):
                yield f"at most {most}"
            case _:
                raise TypeError(f"a limit that this page cannot name yet: {type(limit).__name__}")


def _json(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def main() -> None:
    """Write the pages."""
    for path, text in pages().items():
        path.write_text(text)


if __name__ == "__main__":
    main()
