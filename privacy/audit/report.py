"""Computes: the report of an audit: named steps, each passed, failed, stated or not checked."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from protocol.errors import Refusal

Value = TypeVar("Value")


class Check(StrEnum):
    """What a step checks; `words.py` says each in a sentence."""

    INDEX = "index"
    PIN = "pin"
    COVENANT = "covenant"
    STUDY = "study"
    CHARGE = "charge"
    LOG = "log"
    OFFER = "offer"
    APPROVALS = "approvals"
    READIES = "readies"
    REPAIR = "repair"
    UPLOADS = "uploads"
    VERDICTS = "verdicts"
    HEADS = "heads"
    RELEASE = "release"
    SECOND_PERSON = "second-person"
    CONTRIBUTIONS = "contributions"
    DECLARATIONS = "declarations"
    VARIANCE = "variance"
    OPENED = "opened"
    SUM = "sum"
    NOT_SHOWN = "not-shown"
    LOGGED = "logged"
    ONE_OPENING = "one-opening"
    COMPLETE = "complete"


class Outcome(StrEnum):
    """How a step ended. Not checked is never passed: the reader must know what nobody looked at."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_CHECKED = "not-checked"
    STATED = "stated"  # a fact for the reader, neither right nor wrong


class Why(StrEnum):
    """Why a step was not checked."""

    EARLIER = "earlier"  # what it needs failed before
    PUBLIC = "public"  # the public bundle has no frames
    NO_VECTORS = "no-vectors"  # above the study's size limit
    NO_PIN = "no-pin"  # nobody said which covenant the party pinned
    ELSEWHERE = "elsewhere"  # rounds that the log names are not in this bundle


@dataclass(frozen=True, slots=True)
class Step:
    """One step. subject: which study, round or partner; empty for the whole. detail: what a refusal said, or a fact.

    code: of the refusal, or why it was not checked; empty when it passed.
    """

    check: Check
    subject: str
    outcome: Outcome
    detail: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All steps in order."""

    steps: tuple[Step, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing failed. It says nothing about steps that were not checked."""
        return all(step.outcome is not Outcome.FAILED for step in self.steps)

    @property
    def not_checked(self) -> int:
        """How many steps were not checked."""
        return sum(step.outcome is Outcome.NOT_CHECKED for step in self.steps)


@dataclass(slots=True)
class Notes:
    """Steps as they are taken."""

    steps: list[Step] = field(default_factory=list)

    def take(self, check: Check, subject: str, action: Callable[[], Value]) -> Value | None:
        """Return what the action returns, noted as passed; None when it refuses, noted as failed."""
        try:
            value = action()
        except Refusal as refusal:
            self.steps.append(Step(check, subject, Outcome.FAILED, str(refusal), refusal.code))
            return None
        self.steps.append(Step(check, subject, Outcome.PASSED))
        return value

    def skip(self, subject: str, why: Why, *checks: Check) -> None:
        """Note steps that are not checked."""
        self.steps += [Step(check, subject, Outcome.NOT_CHECKED, code=why) for check in checks]

    def state(self, check: Check, subject: str, *, fact: str) -> None:
        """Note a fact."""
        self.steps.append(Step(check, subject, Outcome.STATED, fact))
