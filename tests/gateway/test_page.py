"""The page is served: from memory, zipped, with a policy for what it may do."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path
from ssl import SSLContext
from typing import cast

import pytest
from starlette.datastructures import Headers
from tests.gateway.conftest import Web, served
from tests.support.xend import running_xend

from xenia.gateway.page import Page
from xenia.settings.certificate import Certificate

LOOKING = {"accept": "text/html,application/xhtml+xml;q=0.9"}
SCRIPT = b"export const word = 'a script';\n" * 100


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    built = tmp_path / "page"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text("<!doctype html><title>Xenia</title>")
    (built / "assets/index-abc.js").write_bytes(SCRIPT)
    (built / ".built").write_text("not for anybody")
    (built / "notes.md").write_text("nor is this")
    return built


@pytest.fixture
async def paged(tmp_path: Path, folder: Path, certificate: Certificate, tls: SSLContext) -> AsyncIterator[Web]:
    async with running_xend(tmp_path) as xend, served(xend.web, certificate, Page.load(folder)) as host:
        yield Web(xend, host, tls)


@pytest.mark.parametrize(
    "path", ["/", "/domains", "/domains/web.cfg", "/domains/../../etc/passwd", "/login", "/index.html"]
)
async def test_each_address_that_is_looked_at_is_the_page(paged: Web, path: str) -> None:
    async with paged.client(**LOOKING) as client:
        answer = await client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "<title>Xenia</title>" in answer.text
    assert answer.headers["cache-control"] == "no-cache"
    policy = answer.headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(policy)
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("path", "may"),
    [
        ("/domains/web/console/rdp", True),
        ("/domains/a%20b.c/console/rdp", True),
        ("/", False),
        ("/domains/web/console", False),
        ("/domains/web/console/rdp/", False),
        ("/domains/web/console/rdp/more", False),
        ("/domains/web/more/console/rdp", False),
        ("/domains//console/rdp", False),
        ("/domains/console/rdp", False),
        ("/x/domains/web/console/rdp", False),
        ("/assets/index-abc.js", False),
    ],
)
async def test_webassembly_runs_where_rdp_is_seen_alone(paged: Web, path: str, may: bool) -> None:
    async with paged.client(**LOOKING) as client:
        first = await client.get(path)
        again = await client.get(path, headers={"if-none-match": first.headers["etag"]})
    for answer in (first, again):
        policy = answer.headers["content-security-policy"].split("; ")
        assert ("script-src 'self' 'wasm-unsafe-eval'" in policy) is may
        assert ("script-src 'self'" in policy) is not may
        assert {"default-src 'none'", "frame-ancestors 'none'", "connect-src 'self'"} <= set(policy)
        assert "'unsafe-eval'" not in answer.headers["content-security-policy"]


def test_webassembly_is_told_to_be_that(folder: Path) -> None:
    (folder / "assets/x-abc.wasm").write_bytes(b"\0asm\1\0\0\0")
    answer = cast(Page, Page.load(folder)).answer("/assets/x-abc.wasm", Headers())
    assert answer is not None
    assert answer.headers["content-type"] == "application/wasm"
    assert "immutable" in answer.headers["cache-control"]


async def test_what_is_named_by_its_content_is_kept_and_the_page_asked_for_again(paged: Web) -> None:
    async with paged.client(**LOOKING) as client:
        script = await client.get("/assets/index-abc.js")
        assert script.content == SCRIPT
        assert "immutable" in script.headers["cache-control"]
        page = await client.get("/")
        again = await client.get("/", headers={"if-none-match": page.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


async def test_it_is_zipped_for_who_takes_that(paged: Web) -> None:
    async with paged.client() as client:
        async with client.stream("GET", "/assets/index-abc.js", headers={"accept-encoding": "gzip"}) as answer:
            raw = b"".join([piece async for piece in answer.aiter_raw()])
        assert len(raw) < len(SCRIPT) / 5
        assert gzip.decompress(raw) == SCRIPT
        plain = await client.get("/assets/index-abc.js", headers={"accept-encoding": "identity"})
        assert (plain.content, "content-encoding" in plain.headers) == (SCRIPT, False)


@pytest.mark.parametrize("path", ["/assets/none.js", "/.built", "/notes.md", "/nothing"])
async def test_programs_get_the_files_that_are_there_and_no_others(paged: Web, path: str) -> None:
    async with paged.client(accept="*/*") as client:
        answer = await client.get(path)
    assert (answer.status_code, answer.json()["kind"]) == (404, "not_found")


async def test_the_page_answers_nothing_that_is_sent(paged: Web) -> None:
    async with paged.client(**LOOKING) as client:
        assert (await client.post("/domains")).status_code == 404
        assert (await client.get("/v1/domains")).status_code == 401


async def test_without_a_page_it_is_said_how_there_is_one(web: Web) -> None:
    async with web.client(**LOOKING) as client:
        answer = await client.get("/")
    assert (answer.status_code, answer.json()["hint"]) == (404, "the page was not built: scripts/page build")


def test_a_page_that_was_not_built_is_none(tmp_path: Path) -> None:
    assert Page.load(tmp_path / "page") is None
