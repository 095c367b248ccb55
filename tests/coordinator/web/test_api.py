"""The JSON API against its own document: what it allows, what it does not, and what people with bad intent send."""

import time
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.schemas import OpenApiSchema

from coordinator.web.routes.api import PROBLEMS
from coordinator.web.site import Site
from tests.coordinator.web.reader import Reader
from tests.coordinator.web.town import town

HOSTILE = (
    *("' OR 1=1--", '"; DROP TABLE figures;--', "1); SELECT pg_sleep(9)--", "{{7*7}}", "${7*7}", "../../etc/passwd"),
    *("%00", "\u202egnp", "\uff11", "NaN", "1e999", "9" * 900, "a\r\nSet-Cookie: x=1", "<svg onload=alert(1)>"),
)
PATHS = ("/api/v1/figures", "/cijfers.csv", "/wijken", "/overzicht", "/vergelijken", "/kaart.svg", "/verloop.png")
KEYS = ("onderwerp", "periode", "niveau", "gebied", "gebieden", "kaart", "lang", "zoek", "alleen")


@lru_cache(maxsize=1)
def reader() -> Reader:
    shown = town()
    return Reader(Site(load=lambda: shown, size=lambda: shown.log_size))


@lru_cache(maxsize=1)
def api() -> OpenApiSchema:
    return schemathesis.openapi.from_dict(reader().get("/api/v1/openapi.json").json())


def ask(path: str, number: int) -> list[int]:
    """Send so many requests that the document allows or forbids, check each answer, and return the statuses."""
    seen: list[int] = []

    @settings(max_examples=number, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.one_of([api()[path]["GET"].as_strategy(generation_mode=mode) for mode in GenerationMode]))
    def each(case: "schemathesis.Case[Any]") -> None:
        query = {name: value for name, value in (case.query or {}).items() if value is not None}
        answer = reader().get(f"{path}?{urlencode(query, doseq=True, errors='surrogatepass')}")
        seen.append(answer.status_code)
        operation = api()[path]["GET"]
        operation.validate_response(answer)
        assert str(answer.status_code) in operation.definition.raw["responses"]
        assert answer.status_code < 500

    each()
    return seen


@pytest.mark.parametrize("path", ["/api/v1/areas", "/api/v1/topics", "/api/v1/figures"])
def test_every_answer_is_one_that_the_document_names(path: str) -> None:
    """W07: 50 of the 1,000 examples of each; all of them by night."""
    assert len(ask(path, 50)) >= 40


@pytest.mark.nightly
@pytest.mark.parametrize("path", ["/api/v1/areas", "/api/v1/topics", "/api/v1/figures"])
def test_every_answer_is_one_that_the_document_names_a_thousand_times(path: str) -> None:
    """W07."""
    assert len(ask(path, 1000)) >= 900


def test_an_answer_that_the_document_does_not_name_is_seen() -> None:
    """Control: the same check on an answer of another form."""
    operation = api()["/api/v1/areas"]["GET"]
    with pytest.raises((Failure, FailureGroup)):
        operation.validate_response(reader().get("/api/v1/topics"))


def test_the_document_names_every_route_and_every_problem() -> None:
    """A route that is added without its problems would show here."""
    document = reader().get("/api/v1/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    assert sorted(document["paths"]) == ["/api/v1/areas", "/api/v1/figures", "/api/v1/topics"]
    for path in document["paths"].values():
        assert list(path) == ["get"]
        responses = path["get"]["responses"]
        assert set(responses) == {"200", *(str(status) for status in PROBLEMS)}
        assert {"application/problem+json"} == {
            kind for status in PROBLEMS for kind in responses[str(status)]["content"]
        }


@pytest.mark.parametrize(
    ("address", "method", "status"),
    [
        ("/api/v1/figures?onderwerp=geen", "GET", 404),
        ("/api/v1/figures?niveau=straat", "GET", 404),
        ("/api/v1/figures?lang=de", "GET", 404),
        ("/api/v1/figures?lang=nl&lang=nl", "GET", 400),
        ("/api/v1/areas?" + "x" * 2000, "GET", 400),
        ("/api/v1/nothing", "GET", 404),
        ("/api/v1/figures", "POST", 405),
        ("/api/v1/figures", "DELETE", 405),
    ],
)
def test_a_refusal_is_a_problem_document_that_repeats_nothing(address: str, method: str, status: int) -> None:
    answer = reader().get(address, method=method)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["status"] == status
    assert set(told) == {"type", "title", "status", "detail"}
    assert "geen" not in answer.text
    assert "straat" not in answer.text


def test_what_people_with_bad_intent_send_is_never_a_fault_nor_said_back() -> None:
    """W08, W17: in every parameter of every kind of page; answered within a second, and not repeated unescaped."""
    for path in PATHS:
        for key in KEYS:
            for value in HOSTILE:
                started = time.monotonic()
                answer = reader().get(f"{path}?{key}={quote(value, safe='')}")
                assert answer.status_code in {200, 400, 404}, (path, key, value)
                assert time.monotonic() - started < 5, (path, key, value)
                assert "<svg onload" not in answer.text
                assert "set-cookie" not in answer.headers


@pytest.mark.nightly
@pytest.mark.parametrize(
    "query",
    [
        "onderwerp=" + "%5B" * 300,
        "&".join(f"k{number}=1" for number in range(100)),
        "onderwerp=%ff%fe",
        "=&=&=",
        "onderwerp",
        "periode=" + "%D9%A3" * 100,
        "lang=nl;lang=en",
        "niveau=" + "0" * 999,
    ],
)
def test_a_strange_query_is_a_refusal_within_a_second(query: str) -> None:
    """W17."""
    for path in PATHS:
        started = time.monotonic()
        answer = reader().get(f"{path}?{query}")
        assert answer.status_code in {200, 400, 404}
        assert time.monotonic() - started < 1
