"""The OpenAPI document says what is true."""

from typing import Any

import pytest
from pydantic import TypeAdapter
from tests.support.xend import Xend

from xenia.api.answers import (
    CheckAnswer,
    ConvertAnswer,
    DomainAnswer,
    DomainList,
    ExplainAnswer,
    HostAnswer,
    JobAnswer,
    JobList,
    PlanAnswer,
    Problem,
    StatsAnswer,
)
from xenia.api.app import document


async def test_the_document_is_openapi_3_1_and_every_reference_in_it_leads_somewhere(xend: Xend) -> None:
    document = (await xend.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1.")
    schemas = document["components"]["schemas"]
    references = list(find_references(document))
    assert references
    assert {reference.removeprefix("#/components/schemas/") for reference in references} <= set(schemas)


async def test_each_operation_has_a_name_of_its_own_for_clients_that_are_generated(xend: Xend) -> None:
    document = (await xend.get("/openapi.json")).json()
    names = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert {"domains_pause", "domains_mem_set", "snapshots_create"} <= set(names)
    assert all(name.isidentifier() for name in names)
    assert len(names) == len(set(names))


def find_references(node: Any) -> Any:
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "$ref")
        for value in node.values():
            yield from find_references(value)
    elif isinstance(node, list):
        for value in node:
            yield from find_references(value)


async def test_every_route_has_a_summary_and_describes_its_answers(xend: Xend) -> None:
    paths = (await xend.get("/openapi.json")).json()["paths"]
    assert "/v1/domains/{ref}/shutdown" in paths
    for path, methods in paths.items():
        for route in methods.values():
            assert route["summary"], path
            assert "application/problem+json" in route["responses"]["default"]["content"], path
            assert "200" in route["responses"], path


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("GET", "/host", HostAnswer),
        ("GET", "/domains?all=true", DomainList),
        ("GET", "/domains/guest", DomainAnswer),
        ("GET", "/domains/0", DomainAnswer),
        ("GET", "/domains/nobody", Problem),
        ("GET", "/stats", StatsAnswer),
        ("GET", "/domains/guest/stats", StatsAnswer),
        ("POST", "/domains/guest/pause?wait=10", JobAnswer),
        ("POST", "/domains?wait=10", Problem),
        ("POST", "/plan", PlanAnswer),
        ("POST", "/check", CheckAnswer),
        ("POST", "/explain", ExplainAnswer),
        ("POST", "/convert", ConvertAnswer),
        ("GET", "/jobs", JobList),
        ("GET", "/jobs/1", JobAnswer),
    ],
)
async def test_an_answer_has_the_members_that_its_schema_names(
    xend: Xend, method: str, path: str, answer: type
) -> None:
    await xend.create("guest")
    body = {"text": "name=guest"} if path.startswith(("/domains?wait", "/plan", "/check", "/explain")) else None
    if path == "/convert":
        body = {"text": "name=guest", "to": "json"}
    plain = (await xend.client.request(method, f"/v1{path}", json=body)).json()
    schema = TypeAdapter(answer).json_schema(mode="serialization")
    check(plain, schema, schema.get("$defs", {}))
    TypeAdapter(answer).validate_python(plain)


def check(value: Any, schema: dict[str, Any], definitions: dict[str, Any]) -> None:
    """No member that the schema does not name, none missing that it requires, all the way down."""
    schema = definitions[schema["$ref"].split("/")[-1]] if "$ref" in schema else schema
    if "anyOf" in schema and value is not None:
        schema = next(each for each in schema["anyOf"] if each.get("type") != "null")
        schema = definitions[schema["$ref"].split("/")[-1]] if "$ref" in schema else schema
    if isinstance(value, dict) and "properties" in schema:
        assert set(schema.get("required", ())) <= set(value) <= set(schema["properties"])
        for key, member in value.items():
            check(member, schema["properties"][key], definitions)
    elif isinstance(value, list):
        for item in value:
            check(item, schema.get("items", {}), definitions)


async def test_the_document_is_the_same_without_a_xend(xend: Xend) -> None:
    """The types of the page are made from it."""
    told = (await xend.get("/openapi.json")).json()
    assert document(told["info"]["version"]) == told
