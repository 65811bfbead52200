"""xm, from another host."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.gateway.conftest import Web, served
from tests.support.world import World, read_really
from tests.support.xend import GuestConsole, running_xend

from xenia.model.security_key import SecurityKey
from xenia.settings.certificate import Certificate, certificate_of


@dataclass
class Said:
    code: int
    out: str
    err: str


@dataclass
class There:
    """A machine that is not the host."""

    web: Web
    home: Path

    async def xm(self, *words: str, typed: str = "", **more: str) -> Said:
        process = await self.xm_begun(*words, **more)
        out, err = await process.communicate(typed.encode())
        return Said(process.returncode or 0, out.decode(), err.decode())

    async def xm_begun(self, *words: str, **more: str) -> asyncio.subprocess.Process:
        own = {"HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home), "XENIA_ROOT": "/nonexistent"}
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "xenia.cli.main", *words),
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **own, **more},
            cwd=self.home,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def log_in(self, user: str, *words: str) -> Said:
        fingerprint = ("--fingerprint", self.fingerprint, "--as", "alpha")
        typed = f"{user[::-1]}\n"
        return await self.xm("login", *fingerprint, "-u", user, "--password-stdin", *words, self.web.host, typed=typed)

    fingerprint: str = ""


@pytest.fixture
def there(web: Web, certificate: Certificate, tmp_path: Path) -> There:
    home = tmp_path / "home"
    home.mkdir()
    return There(web, home, certificate.fingerprint)


async def test_a_user_logs_in_works_and_logs_out(there: There) -> None:
    said = await there.log_in("olga")
    assert (said.code, "You are olga at alpha, with the role operator" in said.out) == (0, True), said
    assert (there.home / "xenia/hosts.json").stat().st_mode & 0o077 == 0
    (there.home / "one.cfg").write_text("name=one")
    for words, code, told in (
        (("--host", "alpha", "create", "one.cfg"), 0, "Started domain one (id=1)"),
        (("list", "--host", "alpha"), 0, "one "),
        (("--host", there.web.url, "domid", "one"), 0, "1"),
        (("--host", "alpha", "log"), 4, "needs the role administrator"),
        (("--host=alpha", "pause", "none"), 3, "there is no domain 'none'"),
        (("--host", "alpha", "start", "one"), 5, "exists already"),
    ):
        said = await there.xm(*words)
        assert (said.code, told in said.out + said.err) == (code, True), (words, said)
    said = await there.xm("list", XENIA_HOST="alpha")
    assert "one " in said.out
    shell = await there.xm("--host", "alpha", "shell", typed="domid one\nexit\n")
    assert (shell.code, shell.out) == (0, "1\n")
    assert (await there.xm("logout", "alpha")).code == 0
    assert (await there.xm("--host", "alpha", "list")).code == 3
    (token,) = [each for each in there.web.xend.doors.logins.tokens.all() if each.user == "olga"] or [None]
    assert token is None


async def test_a_defined_domain_is_started_by_its_name(
    tmp_path: Path, certificate: Certificate, tls: ssl.SSLContext
) -> None:
    """Its guest file is read by xend: this machine has none. Who is no administrator is told no line of it."""
    folder, home = tmp_path / "xen", tmp_path / "home"
    for each in (folder, home):
        each.mkdir()
    (folder / "web.cfg").write_text("name = 'web'; kernel = '/boot/vmlinuz'\n")
    (folder / "bad.cfg").write_text("name = 'bad'; kernel = '/boot/vmlinuz'; memroy = 'hunter2'\n")
    world = World(folder=folder, read=read_really)
    async with running_xend(tmp_path, world) as xend, served(xend.web, certificate) as host:
        there = There(Web(xend, host, tls), home, certificate.fingerprint)
        await there.log_in("olga")
        said = await there.xm("--host", "alpha", "start", "web")
        assert (said.code, "Started domain web" in said.out) == (0, True), said
        again = await there.xm("--host", "alpha", "start", "web")
        assert (again.code, "exists already" in again.err) == (5, True), again
        await there.xm("--host", "alpha", "destroy", "web")
        noted = await there.xm("--host", "alpha", "start", "-v", "bad")
        assert (noted.code, "memroy" in noted.err, "hunter2" in noted.err) == (0, True, False), noted
        bad = await there.xm("--host", "alpha", "create", "bad.cfg")
        assert (bad.code, "there is no guest file" in bad.err) == (3, True), bad


async def test_a_host_that_nobody_vouches_for_is_compared_once(there: There, tmp_path: Path) -> None:
    unknown = await there.xm("login", "-u", "ada", "--password-stdin", there.web.host, typed="ada\n")
    assert (unknown.code, there.fingerprint in unknown.err, "hint: compare it" in unknown.err) == (4, True, True)
    wrong = await there.xm(
        "login", "--fingerprint", "00" * 32, "-u", "ada", "--password-stdin", there.web.host, typed="ada\n"
    )
    assert (wrong.code, "has another certificate" in wrong.err) == (4, True)
    await there.log_in("ada")
    other = certificate_of("", "", tmp_path / "other")
    kept = json.loads((there.home / "xenia/hosts.json").read_text())
    async with served(there.web.xend.web, other) as host:
        kept["hosts"][0]["url"] = f"https://{host}"
        (there.home / "xenia/hosts.json").write_text(json.dumps(kept))
        moved = await there.xm("--host", "alpha", "list")
    assert (moved.code, "it may not be that host" in moved.err) == (4, True), moved
    gone = await there.xm("--host", "alpha", "list")
    assert (gone.code, "cannot reach" in gone.err) == (7, True), gone


async def test_a_host_that_an_authority_vouches_for_is_believed(there: There, certificate: Certificate) -> None:
    trusted = {"SSL_CERT_FILE": str(certificate.chain)}
    said = await there.xm("login", "-u", "ada", "--password-stdin", there.web.host, typed="ada\n", **trusted)
    assert said.code == 0, said
    assert (await there.xm("--host", there.web.host, "list", **trusted)).code == 0
    said = await there.xm("--host", there.web.host, "list", SSL_CERT_FILE="/dev/null")
    assert (said.code, "cannot prove that it is that host" in said.err) == (4, True), said


async def test_tokens_are_made_shown_used_and_ended(there: There) -> None:
    await there.log_in("olga")
    secret = (await there.xm("--host", "alpha", "token", "create", "--role", "viewer", "--days", "7", "a probe")).out
    assert secret.startswith("xenia_")
    listed = (await there.xm("--host", "alpha", "token", "list")).out
    assert "a probe" in listed
    assert secret.strip() not in listed
    words = ("login", "--as", "probe", "--fingerprint", there.fingerprint, "--token-stdin", there.web.host)
    said = await there.xm(*words, typed=secret)
    assert (said.code, "with the role viewer" in said.out) == (0, True), said
    assert (await there.xm("--host", "probe", "list")).code == 0
    token = next(each for each in json.loads((await there.xm("hosts", "-o", "json")).out) if each["name"] == "probe")
    assert token["secret"] == "***"
    assert (await there.xm("--host", "alpha", "token", "revoke", token["token"])).code == 0
    over = await there.xm("--host", "probe", "list")
    assert (over.code, "is not known, or it is over" in over.err) == (4, True), over
    assert (await there.xm("logout", "probe")).code == 0


async def test_who_has_to_show_a_security_key_is_told_what_to_do(there: There) -> None:
    assert (await there.log_in("ada")).code == 0
    assert "There are none" in (await there.xm("--host", "alpha", "security-key", "list")).out
    assert "not asked for here" in (await there.xm("--host", "alpha", "security-key", "code", "olga")).err
    store = there.web.xend.doors.second_factor._store
    await store.put(SecurityKey("0a1b2c3d", "olga", "the blue one", "AAAA", "AAAA", 0, 1_000_000.0))
    there.web.xend.policy[0] = "optional"
    refused = await there.log_in("olga")
    assert (refused.code, "a security key" in refused.err, "xm login --browser" in refused.err) == (4, True, True), (
        refused
    )
    assert [each.user for each in there.web.xend.doors.logins.tokens.all()] == ["ada"]
    assert len((await there.xm("--host", "alpha", "security-key", "code", "olga")).out.strip()) == 43
    listed = (await there.xm("--host", "alpha", "security-key", "list")).out
    assert ("0a1b2c3d" in listed, "never" in listed, "the blue one" in listed) == (True, True, True), listed
    assert (await there.xm("--host", "alpha", "security-key", "remove", "none")).code == 3
    removed = await there.xm("--host", "alpha", "security-key", "remove", "0a1b2c3d")
    assert removed.out == "Nobody logs in with the security key 0a1b2c3d of olga any more.\n"
    assert (await there.log_in("olga")).code == 0


async def test_the_text_console_is_there_too(there: There, tmp_path: Path) -> None:
    await there.log_in("olga")
    uuid = await there.web.xend.create("one")
    with GuestConsole(tmp_path / "in", tmp_path / "log") as guest:
        there.web.xend.consoles[uuid] = {"serial": guest}
        guest.say(b"hello from the guest\r\n")
        console = asyncio.create_task(there.xm("--host", "alpha", "console", "one", typed="typed\r"))  # noqa: TID251
        await guest.connected()
        await guest.hears(b"typed\r")
        view = asyncio.create_task(there.xm("--host", "alpha", "console", "--view", "one", typed="not typed"))  # noqa: TID251
        there.web.xend.kept["one", "serial"] = guest.log
        said = await there.xm("--host", "alpha", "console", "--log", "--tail", "1", "one")
        assert said.out == "hello from the guest\r\n", said
        async with asyncio.timeout(30):
            while len(there.web.xend.doors.consoles._watching) < 2:  # noqa: ASYNC110 (nothing tells of it)
                await asyncio.sleep(0.01)
        guest.end()
        assert "hello from the guest" in (await view).out
        assert b"not" not in guest.heard
        said = await console
    assert "hello from the guest" in said.out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--host", "nowhere", "list"), 3, "nobody has logged in at 'nowhere'"),
        (("--host",), 2, "--host needs a word"),
        (("login", "http://alpha"), 2, "speaks TLS alone"),
        (("login", "https://alpha/path"), 2, "is no URL of a host"),
        (("login", "https://alpha:port"), 2, "is no URL of a host"),
        (("login", "https://127.0.0.1:1"), 7, "cannot reach https://127.0.0.1:1"),
        (("login", "--password-stdin", "--token-stdin", "x"), 2, "a password or a token"),
        (("logout",), 2, "from which host?"),
        (("hosts",), 0, "You have logged in nowhere"),
        (("token", "create", "--days", "x", "y"), 2, "is no number of days"),
    ],
)
async def test_what_cannot_be_is_said(tmp_path: Path, words: tuple[str, ...], code: int, told: str) -> None:
    said = await There(None, tmp_path).xm(*words)  # type: ignore[arg-type]
    assert (said.code, told in said.out + said.err) == (code, True), said


@pytest.mark.parametrize("content", ["{", "[]", '{"hosts": [{"name": 1}]}', "\0"])
async def test_a_file_that_is_broken_is_said_to_be(tmp_path: Path, content: str) -> None:
    file = tmp_path / "xenia/hosts.json"
    file.parent.mkdir()
    file.write_text(content)
    file.chmod(0o600)
    said = await There(None, tmp_path).xm("--host", "alpha", "list")  # type: ignore[arg-type]
    assert (said.code, "is broken" in said.err) == (1, True), said
    file.chmod(0o644)
    said = await There(None, tmp_path).xm("--host", "alpha", "list")  # type: ignore[arg-type]
    assert (said.code, "can be read by others" in said.err) == (4, True), said


async def test_an_image_is_sent_to_the_host(certificate: Certificate, tls: ssl.SSLContext, tmp_path: Path) -> None:
    folder, home, images = tmp_path / "there", tmp_path / "home", tmp_path / "images"
    for each in (folder, home, images):
        each.mkdir()
    content = os.urandom(5 << 20)
    (home / "debian.iso").write_bytes(content)
    world = World(folder=folder, image_roots=(str(images),), read=read_really)
    async with running_xend(folder, world) as xend, served(xend.web, certificate) as host:
        there = There(Web(xend, host, tls), home, certificate.fingerprint)
        assert (await there.log_in("olga")).code == 0
        said = await there.xm("--host", "alpha", "disk", "upload", "debian.iso", "iso/")
        assert (said.code, said.out.split(":")[0], said.err) == (0, str(images / "iso/debian.iso"), "")
        assert (images / "iso/debian.iso").read_bytes() == content
        said = await there.xm("--host", "alpha", "disk", "upload", "debian.iso", "iso/")
        assert (said.code, "there is a file" in said.err) == (5, True)
        assert (await there.log_in("vic")).code == 0
        said = await there.xm("--host", "alpha", "disk", "upload", "debian.iso", "other.iso")
        assert (said.code, "needs the role operator" in said.err) == (4, True)
