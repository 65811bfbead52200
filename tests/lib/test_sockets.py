"""Sockets whose path is longer than a socket's address may be."""

import socket
from pathlib import Path

import pytest

from xenia.lib.sockets import address_of


def test_a_deep_socket_is_bound_and_reached(tmp_path: Path) -> None:
    path = tmp_path / ("d" * 200) / "s"
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as client:
        with address_of(path) as address:
            listener.bind(address)
        listener.listen()
        assert path.is_socket()
        with address_of(path) as address:
            client.connect(address)


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), address_of(tmp_path / "nothing" / "s"):
        pass
