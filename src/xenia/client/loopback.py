"""Where a browser of this machine brings an answer: a port of the loopback that listens for one (RFC 8252, 7.3)."""

from __future__ import annotations

import hmac
import queue
import signal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

_PAGE = """\
<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>xm</title><style>:root {{ color-scheme: light dark }} body {{ font: 1rem/1.5 system-ui; margin: 3rem auto;
max-width: 30rem; padding: 0 1rem }}</style><h1>xm</h1><p>{words}</p></html>
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
_SECONDS = 10.0


class Loopback:
    """A context: within it, the first answer that has `state` is kept. Others, and whatever else a browser asks for,
    are refused, and change nothing.
    """

    def __init__(self, state: str) -> None:
        answers = self._answers = queue.Queue[dict[str, str]](maxsize=1)

        class Handler(BaseHTTPRequestHandler):
            timeout = _SECONDS  # browsers connect ahead, and say nothing then

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                said = {name: values[0] for name, values in parse_qs(parts.query).items()}
                if parts.path != "/" or not hmac.compare_digest(said.get("state", "").encode(), state.encode()):
                    return self._say(404, "There is nothing here.")
                try:
                    answers.put_nowait(said)
                except queue.Full:
                    return self._say(409, "xm has its answer already.")
                return self._say(200, "xm goes on in its terminal. This window can be closed.")

            def _say(self, status: int, words: str) -> None:
                content = _PAGE.format(words=words).encode()
                self.send_response(status)
                for name, value in (
                    ("Content-Type", "text/html; charset=utf-8"),
                    ("Content-Length", str(len(content))),
                    ("Content-Security-Policy", _POLICY),
                    ("Referrer-Policy", "no-referrer"),
                    ("Cache-Control", "no-store"),
                ):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """What it is asked has a code in it, and is nobody's business."""

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_port

    def __enter__(self) -> Self:
        # No signal goes to these threads: the one that waits for an answer would not be woken by Ctrl-C.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, seconds: float) -> dict[str, str] | None:
        """What the browser has brought; None where it brings nothing for so long."""
        try:
            return self._answers.get(timeout=seconds)
        except queue.Empty:
            return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        """A browser that goes away in the midst, or talks of something else, is no business of who waits."""
