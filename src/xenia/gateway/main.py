"""xenia-web, the command."""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from xenia.gateway.app import Gateway
from xenia.gateway.arguments import parser
from xenia.gateway.page import Page
from xenia.gateway.server import Server, listen
from xenia.lib.descriptors import allow_many
from xenia.lib.log_lines import standard_error_formatter
from xenia.lib.notify import service_manager
from xenia.lib.only_one import Taken, only_one
from xenia.lib.paths import Paths
from xenia.lib.sandbox import step_down
from xenia.lib.text import printable
from xenia.model.errors import EXIT_INTERRUPTED, ErrorKind, XeniaError, conflict, denied, unavailable
from xenia.settings.certificate import Certificate, certificate_of, tls_of
from xenia.settings.load import load
from xenia.settings.settings import Settings

log = logging.getLogger(__name__)

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_NEEDED_LATER = ("encodings.idna", "encodings.latin_1", "encodings.ascii", "websockets.asyncio.client", "http.cookies")
"""What is imported when it is first used, which is too late for a process that sees no files any more."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a signal ends it; the exit code."""
    options = parser().parse_args(arguments)
    paths = Paths(Path(options.root).absolute())
    try:
        settings = load(paths, {}).settings
        _log(options.log_level, settings.log_format)
        _run(paths, settings)
    except XeniaError as error:
        print(f"xenia-web: {printable(error.message)}", file=sys.stderr)
        if error.hint:
            print(f"           {printable(error.hint)}", file=sys.stderr)
        return error.kind.exit_code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except Exception as error:
        log.exception("xenia-web met a defect of its own")
        print(f"xenia-web: ended by a defect of its own: {printable(str(error))}", file=sys.stderr)
        return ErrorKind.INTERNAL.exit_code
    return 0


def _log(level: str, form: str) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(standard_error_formatter(form, "%(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(level.upper())
    for library in ("asyncio", "uvicorn.error", "websockets"):
        logging.getLogger(library).setLevel(logging.ERROR)


def _run(paths: Paths, settings: Settings) -> None:
    """What needs rights or files comes first, then none are left."""
    try:
        allow_many()
        paths.run.mkdir(mode=0o755, parents=True, exist_ok=True)
        with only_one(paths.web_lock):
            certificate = certificate_of(settings.web_certificate, settings.web_key, paths.web)
            tls = tls_of(certificate)
            listener = _listen(settings)
            url = _url_of(listener)
            paths.web_place.write_text(f"{url}\n")
            _tell(url, certificate)
            for name in _NEEDED_LATER:
                importlib.import_module(name)
            os.chdir(paths.run)  # of which it sees nothing but what is in here, by a path that lasts
            manager = service_manager()  # whose socket is out of sight then, too
            gateway = Gateway(paths.web_socket.name, Page.load(), xen_api=settings.web_xen_api)
            stop = asyncio.Event()
            server = Server(gateway, tls, stop, lambda: _ready(manager))
            step_down(settings.web_uid)
            asyncio.run(_serve(gateway, server, listener, stop))
    except Taken as other:
        raise conflict(f"xenia-web runs here already, as process {other.pid}", f"end it: kill {other.pid}") from None
    except OSError as error:
        message = f"cannot use {error.filename or 'what it needs'}: {error.strerror or error}"
        if isinstance(error, PermissionError):
            raise denied(message, "run it as root, or as the user of xend, with the same --root") from error
        raise unavailable(message) from error


def _listen(settings: Settings) -> socket.socket:
    try:
        return listen(settings.web_address, settings.web_port)
    except OSError as error:
        raise unavailable(
            f"cannot listen at {settings.web_address}, port {settings.web_port}: {os.strerror(error.errno or 0)}",
            "web.address and web.port in xend.toml say where",
        ) from error


def _url_of(listener: socket.socket) -> str:
    address, port = listener.getsockname()[:2]
    everywhere = address in ("0.0.0.0", "::")  # noqa: S104 (compared with)
    host = socket.gethostname() if everywhere else f"[{address}]" if ":" in address else address
    return f"https://{host}:{port}"


def _tell(url: str, certificate: Certificate) -> None:
    log.info("xenia-web listens at %s", url)
    made = "made by itself, which browsers do not know: compare" if certificate.self_made else "from the settings"
    log.info("its certificate is %s; SHA-256 %s", made, certificate.fingerprint)


def _ready(manager: socket.socket | None) -> None:
    if manager is not None:
        manager.send(b"READY=1")


async def _serve(gateway: Gateway, server: Server, listener: socket.socket, stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, stop.set)
    await server.serve([listener])
    await gateway.close()


if __name__ == "__main__":
    sys.exit(main())
