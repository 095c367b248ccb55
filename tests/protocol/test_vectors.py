"""The vectors: each accepted one holds, each refused one meets the error in its name, and all are up to date."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from protocol.covenant.covenant import Covenant
from protocol.covenant.signed import SignedCovenant, check_covenant
from protocol.errors import Refusal
from protocol.release import Release, check_release
from protocol.second_person import SecondSignature, check_second
from protocol.study.approval import Approval, SignedApproval, check_approval
from protocol.study.declaration import Declaration, SignedDeclaration, check_declaration
from protocol.study.rules import check_signed_study, check_study
from protocol.study.study import SignedStudy, Study
from protocol.words.code_list import CodeList
from protocol.words.geography import Geography
from tests import example, example_model
from tests.make_vectors import FOLDER, every_vector

ROUND_DAY = date(2026, 4, 10)
CHECKS: dict[str, Callable[[bytes], object]] = {
    "approval": Approval.parse,
    "code-list": CodeList.parse,
    "covenant": Covenant.parse,
    "declaration": Declaration.parse,
    "geography": Geography.parse,
    "model-study": lambda body: check_study(Study.parse(body), example.covenant()),
    "release": lambda body: check_release(Release.parse(body), example.grid()),
    "second-signature": lambda body: check_second(
        SecondSignature.parse(body), example.release(), example.covenant_with_second()
    ),
    "signed-approval": lambda body: check_approval(
        SignedApproval.parse(body), example.study(), example.covenant(), on=ROUND_DAY
    ),
    "signed-covenant": lambda body: check_covenant(SignedCovenant.parse(body), on=example.SIGNING_DAY),
    "signed-declaration": lambda body: check_declaration(
        SignedDeclaration.parse(body), example.study(), example.covenant()
    ),
    "signed-study": lambda body: check_signed_study(SignedStudy.parse(body), example.covenant()),
    "step-spec": example_model.check_spec,
    "study": Study.parse,
}
ACCEPTED = sorted((FOLDER / "accepted").glob("*.json"))
REFUSED = sorted((FOLDER / "refused").rglob("*.json"))


@pytest.mark.parametrize("path", ACCEPTED, ids=lambda path: path.stem)
def test_an_accepted_vector_holds(path: Path) -> None:
    CHECKS[path.stem](path.read_bytes())


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_refused_vector_meets_the_error_it_is_named_after(path: Path) -> None:
    with pytest.raises(Refusal) as caught:
        CHECKS[path.parent.name](path.read_bytes())
    assert caught.value.code == path.stem
    assert caught.value.act


def test_the_committed_vectors_are_the_ones_the_example_makes() -> None:
    made = {FOLDER / vector.path: vector.body for vector in every_vector()}
    assert {path: path.read_bytes() for path in [*ACCEPTED, *REFUSED]} == made
