"""Computes: the report in plain sentences, Dutch or English, and as one JSON value."""

import json

from privacy.audit.report import Check, Outcome, Report, Step
from privacy.language import Language

_DUTCH = {
    Check.INDEX: "elk bestand is het bestand dat de inhoudsopgave noemt; er is er geen te veel of te weinig",
    Check.PIN: "het convenant is het convenant dat uw organisatie heeft vastgelegd",
    Check.COVENANT: "het convenant voldoet aan de regels en elke organisatie heeft het ondertekend",
    Check.STUDY: "het meetplan is ondertekend en voldoet aan de regels van het convenant",
    Check.CHARGE: "het plan alleen blijft binnen de jaargrens",
    Check.LOG: "het logboek van de coördinator is heel en geeft de ondertekende wortel",
    Check.OFFER: "het aangeboden plan volgt uit convenant en meetplan, met genoeg deelnemers",
    Check.APPROVALS: "elke organisatie die bijdroeg had het meetplan goedgekeurd",
    Check.READIES: "alle deelnemers hebben op hetzelfde aanbod getekend",
    Check.REPAIR: "wie wegviel heeft dat zelf getekend, en er bleven genoeg deelnemers over",
    Check.UPLOADS: "elke bijdrage is getekend en in het eigen logboek op deze ronde vastgezet",
    Check.VERDICTS: "elke deelnemer heeft de som nagerekend en had geen bezwaar",
    Check.HEADS: "wat de coördinator in de ronde van zijn logboek liet zien, hoort bij dit logboek",
    Check.RELEASE: "de publicatie is ondertekend en heeft precies de cellen van het raster",
    Check.SECOND_PERSON: "een tweede persoon die het convenant noemt heeft de publicatie ondertekend",
    Check.CONTRIBUTIONS: "de publicatie hoort bij deze ronde en noemt de getekende bijdragen",
    Check.DECLARATIONS: "elke organisatie die bijdroeg heeft haar levering verklaard",
    Check.VARIANCE: "de vermelde ruis is de ruis van het plan",
    Check.OPENED: "de bijdragen tellen op tot een som die kan kloppen",
    Check.SUM: "elk getoond cijfer is de som van de bijdragen",
    Check.NOT_SHOWN: "precies de cellen die niet getoond mogen worden, zijn niet getoond",
    Check.LOGGED: "de publicatie staat precies één keer in het logboek, na het resultaat",
    Check.ONE_OPENING: "geen ronde is twee keer geopend",
    Check.COMPLETE: "elke gepubliceerde ronde die het logboek noemt, staat in deze bundel",
}
_ENGLISH = {
    Check.INDEX: "every file is the one that the index names; none is missing or extra",
    Check.PIN: "the covenant is the one that your organisation pinned",
    Check.COVENANT: "the covenant obeys its rules and every party signed it",
    Check.STUDY: "the study is signed and obeys the rules of the covenant",
    Check.CHARGE: "the plan alone stays within the yearly cap",
    Check.LOG: "the coordinator's log is whole and gives the signed root",
    Check.OFFER: "the plan that was offered follows from covenant and study, with enough participants",
    Check.APPROVALS: "every party that contributed had approved the study",
    Check.READIES: "all participants signed for the same offer",
    Check.REPAIR: "who left signed so itself, and enough participants stayed",
    Check.UPLOADS: "every contribution is signed and locked to this round in its owner's log",
    Check.VERDICTS: "every participant added up the sum itself and had no objection",
    Check.HEADS: "what the coordinator showed of its log in the round belongs to this log",
    Check.RELEASE: "the release is signed and has exactly the cells of the grid",
    Check.SECOND_PERSON: "a second person whom the covenant names signed the release",
    Check.CONTRIBUTIONS: "the release is of this round and names the signed contributions",
    Check.DECLARATIONS: "every party that contributed declared its delivery",
    Check.VARIANCE: "the stated noise is the noise of the plan",
    Check.OPENED: "the contributions add up to a sum that can be",
    Check.SUM: "every figure shown is the sum of the contributions",
    Check.NOT_SHOWN: "exactly the cells that may not be shown are not shown",
    Check.LOGGED: "the release stands in the log exactly once, after the result",
    Check.ONE_OPENING: "no round was opened twice",
    Check.COMPLETE: "every released round that the log names is in this bundle",
}
SENTENCES = {Language.DUTCH: _DUTCH, Language.ENGLISH: _ENGLISH}
_OUTCOMES = {
    Language.DUTCH: {
        Outcome.PASSED: "klopt",
        Outcome.FAILED: "KLOPT NIET",
        Outcome.NOT_CHECKED: "niet nagegaan",
        Outcome.STATED: "ter kennis",
    },
    Language.ENGLISH: {
        Outcome.PASSED: "holds",
        Outcome.FAILED: "FAILS",
        Outcome.NOT_CHECKED: "not checked",
        Outcome.STATED: "for your information",
    },
}
_WHY = {
    Language.DUTCH: {
        "earlier": "een eerdere stap klopt niet",
        "public": "de openbare bundel bevat geen bijdragen",
        "no-vectors": "de bijdragen zijn groter dan het meetplan in het resultaat toelaat",
        "no-pin": "geef de digest van uw convenant op met --covenant-digest",
        "elsewhere": "het logboek noemt meer ronden; vraag de coördinator ernaar. Elk convenant heeft een eigen bundel",
    },
    Language.ENGLISH: {
        "earlier": "an earlier step fails",
        "public": "the public bundle has no contributions",
        "no-vectors": "the contributions are larger than the study lets a result carry",
        "no-pin": "give the digest of your covenant with --covenant-digest",
        "elsewhere": "the log names more rounds; ask the coordinator. Each covenant has a bundle of its own",
    },
}
_FACTS = {
    Language.DUTCH: {
        "within": "ja; het persoonlijke filter bewaakt de grens hoe dan ook",
        "above": "nee; het persoonlijke filter bewaakt de grens hoe dan ook",
        "not-required": "niet vereist; het convenant noemt geen tweede persoon",
    },
    Language.ENGLISH: {
        "within": "yes; the personal filter enforces the cap in any case",
        "above": "no; the personal filter enforces the cap in any case",
        "not-required": "not required; the covenant names no second person",
    },
}


def files_read(files: int, size: int, language: Language) -> str:
    """Return what was read, before it is checked. size: bytes."""
    return (
        f"{files} bestanden gelezen, {size} bytes"
        if language is Language.DUTCH
        else f"read {files} files, {size} bytes"
    )


def line_of(step: Step, language: Language) -> str:
    """Return a step as one line: how it ended, what was checked, of what, and why not."""
    outcome = _OUTCOMES[language][step.outcome]
    subject = f" [{step.subject}]" if step.subject else ""
    line = f"{outcome}: {step.check}{subject}: {SENTENCES[language][step.check]}"
    match step.outcome:
        case Outcome.PASSED:
            return line
        case Outcome.FAILED:
            return f"{line}: {step.code}: {step.detail}"
        case Outcome.NOT_CHECKED:
            return f"{line}: {_WHY[language][step.code]}"
        case Outcome.STATED:
            return f"{line}: {_FACTS[language][step.detail]}"


def verdict_of(report: Report, language: Language) -> str:
    """Return the verdict in one sentence; it says how many steps nobody looked at."""
    failed = sum(step.outcome is Outcome.FAILED for step in report.steps)
    skipped = report.not_checked
    if language is Language.DUTCH:
        verdict = "de bundel klopt" if report.holds else f"de bundel klopt niet: {failed} van de stappen"
        return f"{verdict}; {skipped} niet nagegaan" if skipped else verdict
    verdict = "the bundle holds" if report.holds else f"the bundle does not hold: {failed} of the steps fail"
    return f"{verdict}; {skipped} not checked" if skipped else verdict


def json_of(report: Report, language: Language) -> str:
    """Return the whole report as JSON."""
    steps = [
        {
            "check": step.check,
            "subject": step.subject,
            "outcome": step.outcome,
            "code": step.code,
            "text": line_of(step, language),
        }
        for step in report.steps
    ]
    tree = {"holds": report.holds, "not_checked": report.not_checked, "steps": steps}
    return json.dumps(tree | {"verdict": verdict_of(report, language)}, ensure_ascii=False, indent=2)
