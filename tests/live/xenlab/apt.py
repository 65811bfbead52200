"""Debian's packages for a release that need not be this machine's, from the mirror that this machine uses."""

from __future__ import annotations

import re
from pathlib import Path

from tests.live.xenlab.recipe import RELEASE
from tests.live.xenlab.words import LabError, call

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def mirror() -> str:
    """The address of Debian's archive in apt's own configuration. Raises LabError where it names none."""
    listed = call(["apt-get", "indextargets", "--format", "$(RELEASE) $(COMPONENT) $(SITE)"], "read apt's sources")
    found: dict[str, str] = {}
    for line in listed.decode().splitlines():
        release, component, site = line.split(" ", 2)
        if component == "main" and re.fullmatch("[a-z]+", release):
            found.setdefault(release, site)
    for release in (RELEASE, "trixie", "stable"):
        if release in found:
            return found[release]
    raise LabError("apt's sources name no Debian archive: /etc/apt/sources.list.d/debian.sources should")


def proxies() -> dict[str, str]:
    """apt's own proxies as the environment variables that other programs read them from."""
    found = {}
    for scheme in ("http", "https"):
        said = call(["apt-config", "shell", "proxy", f"Acquire::{scheme}::Proxy"], "read apt's settings").decode()
        address = re.search(r"proxy='([^']+)'", said)
        if address and address[1] != "DIRECT":
            found[f"{scheme}_proxy"] = address[1]
    return found


class Archive:
    """The packages of the release, by lists of its own below `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name in ("lists/partial", "archives/partial"):
            (folder / name).mkdir(parents=True)
        sources = folder / "sources.list"
        sources.write_text(f"deb [signed-by={KEYRING}] {mirror()} {RELEASE} main\n")
        self._options = [
            *("-q", "-o", f"Dir::Etc::sourcelist={sources}", "-o", "Dir::Etc::sourceparts=-"),
            *("-o", f"Dir::State::lists={folder}/lists", "-o", f"Dir::Cache={folder}"),
            *("-o", "Dir::State::status=/dev/null", "-o", "APT::Sandbox::User=root", "-o", "APT::Architecture=amd64"),
            *("-o", "Acquire::Languages=none"),
        ]
        call(["apt-get", *self._options, "update"], "fetch Debian's package lists")

    def unpack(self, meta: str, target: Path) -> None:
        """Unpack into `target` the kernel package that the package `meta` stands for."""
        shown = call(["apt-cache", *self._options, "show", "--no-all-versions", meta], f"find {meta}").decode()
        package = re.search(r"^Depends:.*?(linux-image-\d[\w.+~-]*)", shown, re.MULTILINE)
        if package is None:
            raise LabError(f"the package {meta} names no kernel package")
        work = self._folder / meta
        work.mkdir()
        call(["apt-get", *self._options, "download", package[1]], f"download {package[1]}", folder=work)
        (file,) = work.glob("*.deb")
        call(["dpkg-deb", "-x", file, target], f"unpack {file.name}")
