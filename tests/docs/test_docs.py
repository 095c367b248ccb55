"""The documents are true: made pages are up to date, and what exists is documented and the other way round."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from protocol.wire import WireValue
from simulations.benchmarks.__main__ import BENCHMARKS
from tests.house import ROOT, every_import
from tests.make_docs import every_subclass, pages

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
MADE = pages()
LOADED_BY_NAME = {"psycopg"}  # SQLAlchemy loads the driver that a URL names
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.mark.parametrize("path", sorted(MADE), ids=lambda path: path.name)
def test_a_page_made_from_the_code_is_up_to_date(path: Path) -> None:
    assert path.read_text() == MADE[path], "run python -m tests.make_docs"


DISTRIBUTED_AS = {"grpc": "grpcio", "grpc-health": "grpcio-health-checking"}


def test_every_kind_of_value_is_explained_in_the_protocol() -> None:
    fields = [kind.model_fields["kind"] for kind in every_subclass(WireValue) if "kind" in kind.model_fields]
    kinds = {field.default for field in fields if not field.is_required()}  # a measure's kind is another thing
    text = (ROOT / "docs/protocol.md").read_text()
    assert not {kind for kind in kinds if f"`{kind}`" not in text}


def test_every_dependency_has_a_reason_and_every_reason_a_dependency() -> None:
    declared = [
        *PROJECT["dependencies"],
        *(line for extra in PROJECT["optional-dependencies"].values() for line in extra),
    ]
    names = {re.split(r"[<>=\[ ]", line)[0] for line in declared} - {"samenzicht"}
    rows = re.findall(r"^\| ([a-z][a-z0-9, -]*) \|", (ROOT / "docs/dependencies.md").read_text(), re.MULTILINE)
    reasons = {name for row in rows for name in row.split(", ")} - {"library"}
    assert names == reasons


def test_every_run_time_dependency_is_imported_by_the_house() -> None:
    modules = {found.module.split(".")[0].replace("_", "-") for found in every_import()}
    imported = {DISTRIBUTED_AS.get(module, module) for module in modules}
    run_time = [line for name, extra in PROJECT["optional-dependencies"].items() if name != "dev" for line in extra]
    names = {re.split(r"[<>=\[ ]", line)[0] for line in [*PROJECT["dependencies"], *run_time]} - {"samenzicht"}
    assert names - LOADED_BY_NAME <= imported


def test_every_make_target_is_documented_and_every_documented_one_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = "\n".join(path.read_text() for path in DOCUMENTS)
    named = set(re.findall(r"`make ([a-z]+)", text)) | set(re.findall(r"^make ([a-z]+)", text, re.MULTILINE))
    assert named == targets


def test_every_module_that_a_document_runs_exists() -> None:
    text = "\n".join(path.read_text() for path in DOCUMENTS)
    for module in set(re.findall(r"python -m ([a-z_.]+)", text)):
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module


def test_every_command_that_is_installed_is_documented() -> None:
    text = "\n".join(path.read_text() for path in DOCUMENTS)
    assert not [name for name in PROJECT.get("scripts", {}) if name not in text]


def test_every_benchmark_is_documented() -> None:
    text = (ROOT / "docs/benchmarks.md").read_text()
    assert not [name for name in BENCHMARKS if f"`{name}`" not in text]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_and_named_files_exist(path: Path) -> None:
    text = path.read_text()
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if not target.startswith(("https://", "http://")):
            assert (path.parent / target).exists(), target
    for name in re.findall(r"`((?:protocol|privacy|partner_node|coordinator|simulations|tests|docs)/[\w/.-]+)`", text):
        assert (ROOT / name).exists(), name


def test_each_word_of_the_glossary_stands_once() -> None:
    """One word, one thing. Control: the same search finds a word that is there twice."""

    def words(text: str) -> list[str]:
        return re.findall(r"^\| ([^|]+?) \| [^|]+ \|", text, re.MULTILINE)

    text = (ROOT / "docs/glossary.md").read_text()
    found = words(text)
    assert {"series", "break", "trend", "effect", "feed", "watch", "retired key"} <= set(found)
    assert len(found) == len(set(found)) > 50
    twice = words(text + "| feed | another thing | |\n")
    assert len(twice) == len(set(twice)) + 1


def test_every_decision_is_in_the_index() -> None:
    index = (ROOT / "docs/adr/README.md").read_text()
    assert not [path.name for path in (ROOT / "docs/adr").glob("0*.md") if path.name not in index]


def test_no_file_names_a_package_index_or_a_path_of_a_machine() -> None:
    # Spelled in pieces, so that this file does not name them itself.
    forbidden = "|".join(("py" + r"pi\.org", "python" + "hosted", "registry" + r"\.npm", "/" + "root/", "/" + "work/"))
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.suffix in {".md", ".py", ".toml", ".txt", ".in", ".sh", ".yaml", ""} and path.is_file():
            assert not re.search(forbidden, path.read_text(errors="replace")), name


def test_the_readme_is_one_screen() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 70
