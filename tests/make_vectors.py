"""Touches the world: writes the accepted and refused vectors of `tests/vectors/` from the example agreement.

Run `python -m tests.make_vectors` after a change of format; `test_vectors.py` holds that the files are up to date.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from protocol.covenant.covenant import Covenant
from protocol.release import Release
from protocol.signing import Purpose, sign
from protocol.study.approval import Approval, SignedApproval
from protocol.study.declaration import Declaration
from protocol.study.model import MAX_PARAMETER
from protocol.study.study import Study
from protocol.wire import MAX_DEPTH, WireValue, canonical
from tests import example, example_model

FOLDER = Path(__file__).parent / "vectors"
SMALL_ORDER_KEY = "01" + "00" * 31


@dataclass(frozen=True, slots=True)
class Vector:
    """Bytes of one kind and the error code that they must meet; "" when they hold."""

    kind: str
    code: str
    body: bytes

    @property
    def path(self) -> Path:
        """Where the vector stands, relative to the folder of vectors."""
        if not self.code:
            return Path("accepted") / f"{self.kind}.json"
        return Path("refused") / self.kind / f"{self.code}.json"


def every_vector() -> Iterator[Vector]:
    """Yield every vector."""
    for kind, value in accepted().items():
        yield Vector(kind, "", value.encode())
    for kind, cases in REFUSED.items():
        for code, case in cases.items():
            yield Vector(kind, code, case())


def accepted() -> dict[str, WireValue]:
    """Return one value of each kind that holds."""
    return {
        "approval": example.signed_approval().approval,
        "code-list": example.code_list(),
        "covenant": example.covenant(),
        "declaration": example.signed_declaration().declaration,
        "geography": example.geography(),
        "model-study": example_model.study(),
        "release": example.release(),
        "second-signature": example.second_signature(),
        "signed-approval": example.signed_approval(),
        "signed-covenant": example.signed_covenant(),
        "signed-declaration": example.signed_declaration(),
        "signed-study": example.signed_study(),
        "step-spec": example_model.step_spec(),
        "study": example.study(),
    }


def _edited(value: WireValue, edit: Callable[[Any], object]) -> bytes:
    tree = value.model_dump(mode="json")
    edit(tree)
    return canonical(tree)


def _covenant(edit: Callable[[Any], object]) -> Callable[[], bytes]:
    """Return a maker of a covenant with a fault that all its parties signed nevertheless."""

    def make() -> bytes:
        body = _edited(example.covenant(), edit)
        tree = json.loads(body)
        signatures = [
            {
                "signature": sign(body, key=example.signing_key(party["id"]), purpose=Purpose.COVENANT),
                "signer": party["id"],
            }
            for party in tree["parties"]
        ]
        return canonical({"covenant": tree, "format": 1, "kind": "signed-covenant", "signatures": signatures})

    return make


def _study(edit: Callable[[Any], object]) -> Callable[[], bytes]:
    def make() -> bytes:
        body = _edited(example.study(), edit)
        return example.signed_study(Study.parse(body)).encode()

    return make


def _approval(edit: Callable[[Any], object], *, signer: str = "vt-noord fg") -> Callable[[], bytes]:
    def make() -> bytes:
        value = Approval.parse(_edited(example.signed_approval().approval, edit))
        signature = sign(value.encode(), key=example.signing_key(signer), purpose=Purpose.APPROVAL)
        return SignedApproval(approval=value, signature=signature).encode()

    return make


def _declaration(edit: Callable[[Any], object]) -> Callable[[], bytes]:
    return lambda: example.signed_declaration(
        Declaration.parse(_edited(example.signed_declaration().declaration, edit))
    ).encode()


def _changed(value: WireValue, edit: Callable[[Any], object]) -> Callable[[], bytes]:
    return lambda: _edited(value, edit)


def _set(*path: str | int, to: object) -> Callable[[Any], object]:
    """Return an edit that puts a value at a path."""

    def edit(tree: Any) -> None:  # noqa: ANN401 - any JSON
        for step in path[:-1]:
            tree = tree[step]
        tree[path[-1]] = to

    return edit


def _swap(*path: str | int) -> Callable[[Any], object]:
    """Return an edit that puts the first two items of a list in the wrong order."""

    def edit(tree: Any) -> None:  # noqa: ANN401 - idem
        for step in path:
            tree = tree[step]
        tree[0], tree[1] = tree[1], tree[0]

    return edit


def _wire_cases() -> dict[str, Callable[[], bytes]]:
    whole = example.covenant().encode()
    deep = b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1)
    return {
        "doubled-key": lambda: whole[:-1] + b',"version":1}',
        "malformed": _changed(example.covenant(), _set("colour", to="blue")),
        "not-an-integer": lambda: whole.replace(b'"version":1', b'"version":1.0'),
        "not-canonical": lambda: whole + b"\n",
        "not-json": lambda: whole + b"x",
        "too-deep": lambda: whole.replace(b'"version":1', b'"version":' + deep),
        "too-large": lambda: whole.replace(b"Oefenstad", b"O" * Covenant.max_bytes, 1),
    }


def _covenant_cases() -> dict[str, Callable[[], bytes]]:
    police, vt, witness = 1, 5, 6  # places in the sorted list of parties
    identity = example.public_hex("vt-noord")
    body = example.signed_covenant()
    foreign = {"signature": body.signatures[0].signature, "signer": "zzz-stranger"}
    return {
        "bad-signature": _changed(body, _set("signatures", vt, "signature", to=body.signatures[0].signature)),
        "cap-above-joint-cap": _covenant(_set("joint_cap", to=1_249_999_999)),
        "foreign-signature": _changed(body, lambda tree: tree["signatures"].append(foreign)),
        "key-used-twice": _covenant(_set("parties", vt, "officers", 0, "key", to=identity)),
        "missing-officer": _covenant(_set("parties", vt, "officers", to=[])),
        "missing-permission": _covenant(_set("parties", police, "wpg_permission", to=None)),
        "missing-signature": _changed(body, lambda tree: tree["signatures"].pop()),
        "outside-validity": _covenant(_set("valid_until", to="2026-01-31")),
        "too-few-participants": _covenant(_set("minimum_participants", to=4)),
        "unbound-key": _covenant(_set("parties", vt, "officers", 0, "key", to=SMALL_ORDER_KEY)),
        "unsorted-parties": _covenant(_swap("parties")),
        "wrong-role": _covenant(_set("parties", witness, "yearly_cap", to=1)),
        "wrong-validity": _covenant(_set("valid_until", to="2027-01-02")),
        "wrong-version": _covenant(_set("version", to=2)),
        "refusals": _covenant(lambda tree: tree.update(joint_cap=1, version=2)),
    }


def _study_cases() -> dict[str, Callable[[], bytes]]:
    nature, reports, absence = 0, 1, 2  # places in the sorted lists of measures and tables
    tiny = {"denominator": 1, "numerator": 4}
    return {
        "bad-signature": _changed(example.signed_study(), _set("study", "ring_bits", to=64)),
        "foreign-covenant": _study(_set("covenant_digest", to="00" * 32)),
        "mixed-partner-types": _study(
            _set("tables", absence, "contributors", to=["politie-noord", "school-a", "school-b"])
        ),
        "noise-too-small": _study(_set("tables", absence, "variance", to=tiny)),
        "ring-too-small": _study(_set("tables", reports, "cell_bound", to=2**31)),
        "too-few-contributors": _study(_set("tables", absence, "contributors", to=["school-a", "school-b"])),
        "unknown-reference": _study(_set("tables", reports, "contributors", to=["stranger"])),
        "unsorted-study": _study(_swap("tables")),
        "wrong-bounds": _study(_set("measures", nature, "most_per_cell", to=2)),
        "wrong-dates": _study(_set("schedule", 0, "opens", to="2026-03-31")),
    }


def _approval_cases() -> dict[str, Callable[[], bytes]]:
    return {
        "bad-signature": _approval(_set("valid_until", to="2026-12-31"), signer="politie-noord fg"),
        "not-approved": _approval(_set("decision", to="refused")),
        "unknown-officer": _approval(_set("officer", to="stranger"), signer="vt-noord stranger"),
        "unknown-party": _approval(_set("party", to="stranger"), signer="stranger fg"),
    }


def _another_release() -> Release:
    return example.release().model_copy(update={"attempt": 1})


def _geography_cases() -> dict[str, Callable[[], bytes]]:
    return {
        "unsorted-areas": _changed(example.geography(), _swap("areas")),
        "wrong-parent": _changed(example.geography(), _set("areas", 0, "parent", to="WK990101")),
    }


def _model_cases() -> dict[str, Callable[[], bytes]]:
    herhaling, gradient = 0, 1  # places in the sorted lists of measures and tables
    knots = ("measures", herhaling, "model", "curve", "knots")
    return {
        "wrong-model": _changed(example_model.study(), _set(*knots, to=[8, 17, 16, 47, 56])),
        "wrong-step": _changed(example_model.study(), _set("tables", gradient, "bins", to=2)),
    }


def _spec_cases() -> dict[str, Callable[[], bytes]]:
    spec = example_model.step_spec()
    return {
        "malformed": _changed(spec, _set("parameters", 0, to=MAX_PARAMETER + 1)),
        "not-approved-here": _changed(spec, _set("study_digest", to="00" * 32)),
        "wrong-spec": _changed(spec, lambda tree: tree["parameters"].pop()),
    }


REFUSED: dict[str, dict[str, Callable[[], bytes]]] = {
    "code-list": {"unsorted-codes": _changed(example.code_list(), _swap("items"))},
    "covenant": _wire_cases(),
    "geography": _geography_cases(),
    "model-study": _model_cases(),
    "release": {
        "shown-and-hidden": _changed(example.release(), _set("tables", 0, "cells", 0, "value", to=0)),
        "wrong-cells": _changed(example.release(), _swap("tables", 0, "cells")),
    },
    "second-signature": {
        "bad-signature": lambda: example.second_signature(signer=example.COORDINATOR).encode(),
        "no-second-person": lambda: example.second_signature(_another_release()).encode(),
        "unknown-officer": _changed(example.second_signature(), _set("officer", to="fg")),
    },
    "signed-approval": _approval_cases(),
    "signed-covenant": _covenant_cases(),
    "signed-declaration": {
        "unknown-period": _declaration(_set("period", to="2026-Q3")),
        "wrong-declaration": _declaration(_swap("tables")),
    },
    "signed-study": _study_cases(),
    "step-spec": _spec_cases(),
}


def main() -> None:
    """Write every vector; remove those that are no longer made."""
    made = {FOLDER / vector.path: vector.body for vector in every_vector()}
    for folder in ("accepted", "refused"):
        for path in (FOLDER / folder).rglob("*.json"):
            if path not in made:
                path.unlink()
    for path, body in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)


if __name__ == "__main__":
    main()
