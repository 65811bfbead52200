"""The page: the files that Vite has built of web/, kept in memory, for xenia-web sees no files once it runs."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from starlette.datastructures import Headers
from starlette.responses import Response

FOLDER = Path(__file__).parent.parent / "page"
"""Where `scripts/page build` and the wheel have it."""

_TYPES = MappingProxyType(
    {
        ".css": "text/css; charset=utf-8",
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".svg": "image/svg+xml",
        ".txt": "text/plain; charset=utf-8",
        ".wasm": "application/wasm",
    }
)
_INDEX = "/index.html"
_NAMED_BY_CONTENT = "/assets/"
_WITH_WASM = re.compile(r"/domains/[^/]+/console/rdp")
"""What a browser loads as a document of its own (web/src/route.svelte.ts), in which IronRDP runs."""
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # xterm.js writes its colours and sizes as style elements
        "img-src 'self' blob: data:",  # noVNC's cursors
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_POLICY_WITH_WASM = _POLICY.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'")


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    zipped: bytes
    kind: str
    etag: str
    cache: str


class Page:
    """`files` by the path of their address."""

    def __init__(self, files: dict[str, _File]) -> None:
        self._files = files

    @classmethod
    def load(cls, folder: Path = FOLDER) -> Page | None:
        """None where it was not built. Raises OSError where it cannot be read."""
        if not (folder / "index.html").is_file():
            return None
        found = sorted(each for each in folder.rglob("*") if each.suffix in _TYPES and each.is_file())
        return cls({f"/{each.relative_to(folder)}": _read(each, f"/{each.relative_to(folder)}") for each in found})

    def answer(self, path: str, headers: Headers) -> Response | None:
        """A file of the page; for each other address that a browser wants to look at, the page itself, which knows its
        screens by their addresses. None where neither is asked for.
        """
        file = self._files.get(path) or (self._files[_INDEX] if "text/html" in headers.get("accept", "") else None)
        if file is None:
            return None
        policy = _POLICY_WITH_WASM if _WITH_WASM.fullmatch(path) else _POLICY
        return _response(file, headers, policy)


def _read(file: Path, path: str) -> _File:
    content = file.read_bytes()
    cache = "public, max-age=31536000, immutable" if path.startswith(_NAMED_BY_CONTENT) else "no-cache"
    zipped = gzip.compress(content, mtime=0)
    return _File(content, zipped, _TYPES[file.suffix], f'"{hashlib.sha256(content).hexdigest()[:32]}"', cache)


def _response(file: _File, headers: Headers, policy: str) -> Response:
    told = {
        "cache-control": file.cache,
        "etag": file.etag,
        "content-security-policy": policy,
        "cross-origin-opener-policy": "same-origin",
        "vary": "accept-encoding",
    }
    if headers.get("if-none-match") == file.etag:
        return Response(status_code=304, headers=told)
    if "gzip" in headers.get("accept-encoding", ""):
        return Response(file.zipped, headers=told | {"content-encoding": "gzip"}, media_type=file.kind)
    return Response(file.content, headers=told, media_type=file.kind)
