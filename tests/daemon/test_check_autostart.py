"""xend --check-autostart, which the host's init asks."""

from pathlib import Path

import pytest

from xenia.daemon.main import main


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("", 0, ""),
        ("[autostart]\nxend = true\n", 0, ""),
        ("[autostart]\nxend = false\n", 1, "xend does not start with the host: {root}/etc/xen/xend.toml:2 says so\n"),
        ("autostart = 1\n", 1, "xend: {root}/etc/xen/xend.toml:1: there is no setting 'autostart'\n"),
    ],
)
def test_it_tells_whether_xend_is_to_start(
    tmp_path: Path, text: str, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "etc/xen").mkdir(parents=True)
    (tmp_path / "etc/xen/xend.toml").write_text(text)
    assert main(["--root", str(tmp_path), "--check-autostart"]) == code
    error = capsys.readouterr().err
    assert error.startswith(said.format(root=tmp_path)) if said else not error
    assert not (tmp_path / "run").exists()
