"""Computes nothing: the error tree of the house and the form that every error takes.

    SamenzichtError
    |-- Refusal            a rule said no (exit code 1)
    |   |-- WireRefusal        bytes that are not one of our values        protocol/wire.py
    |   |-- SignatureRefusal   a signature that does not hold              protocol/signing.py
    |   |-- AgreementRefusal   a covenant or study that breaks a rule      protocol/covenant, protocol/study
    |   |-- LedgerRefusal      a note, proof or entry that does not hold   protocol/ledger
    |   |-- RoundRefusal       a key, vector or step a round forbids       protocol/round
    |   |   `-- Contradiction      two signed things that exclude each other, kept as evidence
    |   `-- Refusals           several of the above, all listed
    `-- Fault              something broke (exit code 3)

Each package draws its own leaves in its own files; `docs/errors.md` lists every leaf (a test holds it).
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import ClassVar


class SamenzichtError(Exception):
    """What was got, what was wanted, who must act, and a hint.

    The texts never hold a record, a count of people, a key, a share or a seed: they travel to logs and to other
    parties. `code` is the class's name in kebab case; scripts and `--json` go by it.
    """

    exit_code: ClassVar[int]
    code: ClassVar[str]

    def __init__(self, *, got: str, wanted: str, act: str, hint: str = "") -> None:
        super().__init__(got, wanted, act, hint)
        self.got = got
        self.wanted = wanted
        self.act = act
        self.hint = hint

    def __init_subclass__(cls) -> None:
        cls.code = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", cls.__name__).lower()

    def __str__(self) -> str:
        """One line: `got ..., wanted ...: who must do what`."""
        return f"got {self.got}, wanted {self.wanted}: {self.act}"


class Refusal(SamenzichtError):
    """A rule said no; nothing was changed."""

    exit_code = 1


class Fault(SamenzichtError):
    """Something broke; what was durable before still is."""

    exit_code = 3


class WireRefusal(Refusal):
    """Bytes that are not one of our values in its one encoding."""


class SignatureRefusal(Refusal):
    """A signature that does not hold for these bytes, this purpose and this key."""


class AgreementRefusal(Refusal):
    """A covenant, study or declaration that breaks a rule of DESIGN 5."""


class LedgerRefusal(Refusal):
    """A note, checkpoint, proof or entry that does not hold."""


class RoundRefusal(Refusal):
    """A key, vector, message or step that a round does not allow."""


class Contradiction(RoundRefusal):
    """Two things that one party signed and that cannot both be true; `evidence` holds both, for the caller to store."""

    def __init__(self, *, got: str, wanted: str, act: str, evidence: tuple[str | bytes, ...]) -> None:
        super().__init__(got=got, wanted=wanted, act=act)
        self.evidence = evidence


class Refusals(Refusal):
    """Several refusals at once, so that whoever must mend the input sees all its problems."""

    def __init__(self, problems: tuple[Refusal, ...], *, subject: str) -> None:
        self.problems = problems
        lines = "; ".join(f"{problem.code}: {problem}" for problem in problems)
        super().__init__(
            got=f"{len(problems)} problems in {subject} ({lines})",
            wanted="none",
            act=f"the author of the {subject} must mend them",
        )


def lines_of(
    error: SamenzichtError, program: str, *, explained: Mapping[str, str] = MappingProxyType({})
) -> Iterator[str]:
    """Yield the lines in which a program tells an error; of several at once each its own.

    explained: plain Dutch sentences, by code.
    """
    for problem in error.problems if isinstance(error, Refusals) else (error,):
        yield f"{program}: error: {problem.code}: {problem}"
        if problem.code in explained:
            yield f"{program}: uitleg: {explained[problem.code]}"
        if problem.hint:
            yield f"{program}: hint: {problem.hint}"


def tree_of(error: SamenzichtError) -> dict[str, object]:
    """Return what `--json` gives of an error: the problems by code, with got, wanted, act and hint."""
    problems = error.problems if isinstance(error, Refusals) else (error,)
    names = ("code", "got", "wanted", "act", "hint")
    return {"errors": [{name: getattr(problem, name) for name in names} for problem in problems]}


def refuse_all(problems: tuple[Refusal, ...], *, subject: str) -> None:
    """Raise the one problem as itself, several as `Refusals`; return when there is none."""
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise Refusals(problems, subject=subject)
