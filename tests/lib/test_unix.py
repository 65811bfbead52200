import socket

from xenia.lib.unix import address


def test_a_socket_below_a_folder_with_a_long_name_can_be_bound_and_connected_to(tmp_path):
    folder = tmp_path / ("long" * 40)
    folder.mkdir()
    path = folder / "the.sock"
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as client:
        with address(path) as name:
            assert len(name) < 108 < len(str(path))
            listener.bind(name)
            listener.listen()
            client.connect(name)
        accepted, _ = listener.accept()
        accepted.close()
    assert path.is_socket()
