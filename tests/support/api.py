"""A few words of HTTP, independent of any client of ours."""

from http.client import HTTPConnection
from pathlib import Path
from socket import AF_UNIX, socket


def get(path: Path, target: str) -> tuple[int, bytes]:
    """Status and body of a GET over the unix socket `path`."""
    connection = HTTPConnection("xend", timeout=30)
    connection.sock = socket(AF_UNIX)
    connection.sock.settimeout(30)
    connection.sock.connect(str(path))
    try:
        connection.request("GET", target)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
