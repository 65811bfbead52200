"""A xenia-web in this process, in front of a xend that is in it, too."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from tests.support.xend import Xend, running_xend

from xenia.gateway.app import Gateway
from xenia.gateway.page import Page
from xenia.gateway.server import Server, listen
from xenia.lib.aio import Tasks
from xenia.settings.certificate import Certificate, certificate_of, tls_of


@dataclass
class Web:
    xend: Xend
    host: str
    tls: ssl.SSLContext
    """What a client trusts."""

    @property
    def url(self) -> str:
        return f"https://{self.host}"

    def client(self, **headers: str) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(base_url=self.url, verify=self.tls, timeout=30, headers=headers)

    async def secret(self, user: str) -> str:
        async with self.client() as client:
            answer = await client.post("/v1/login", json={"user": user, "password": user[::-1]})
        secret: str = answer.json()["secret"]
        return secret


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate_of("", "", tmp_path_factory.mktemp("web"))


@asynccontextmanager
async def served(
    socket: Path, certificate: Certificate, page: Page | None = None, *, xen_api: bool = False
) -> AsyncIterator[str]:
    """Host and port of a xenia-web for the xend that listens at `socket`."""
    stop, ready, tasks = asyncio.Event(), asyncio.Event(), Tasks()
    listener = listen("127.0.0.1", 0)
    gateway = Gateway(os.fspath(socket), page, xen_api=xen_api)
    server = Server(gateway, tls_of(certificate), stop, ready.set)
    serving = tasks.start(server.serve([listener]), name="web")
    await ready.wait()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stop.set()
        await serving
        await gateway.close()


@pytest.fixture
def tls(certificate: Certificate) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate.chain))


@pytest.fixture
async def web(tmp_path: Path, certificate: Certificate, tls: ssl.SSLContext) -> AsyncIterator[Web]:
    async with running_xend(tmp_path) as xend, served(xend.web, certificate) as host:
        yield Web(xend, host, tls)
