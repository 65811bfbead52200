"""xm login, logout, hosts."""

from __future__ import annotations

import os
import sys
import time

from xenia.cli.command import Command, add_output
from xenia.client.errors import ClientError, usage
from xenia.client.hosts import KnownHost, find, forget, keep, known_hosts
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("url", metavar="URL", help="https://HOST:8006, or HOST alone")
    parser.add_argument("--as", dest="name", metavar="NAME", help="what to call it (default: the name in the URL)")
    parser.add_argument("-u", "--user", metavar="USER", help="a user of that host (default: asked for)")
    parser.add_argument("--fingerprint", metavar="SHA256", help="that of its certificate, where it has made it itself")
    parser.add_argument("--password-stdin", action="store_true", help="read the password from the standard input")
    parser.add_argument(
        "--token-stdin", action="store_true", help="read a token (xm token create) instead of logging in"
    )
    parser.add_argument(
        "--browser", action="store_true", help="log in with a browser: with a security key, or however the host wants"
    )
    parser.add_argument("--oidc", action="store_true", help="log in with a browser, through the issuer of the host")
    parser.add_argument(
        "--no-browser", action="store_true", help="open none: tell the address, and take the code that is shown there"
    )


def _login(_context: Context, options: Namespace) -> int:
    from xenia.client.remote import Remote, look, place_of, shown

    browser = options.browser or options.oidc or options.no_browser
    ways = (options.password_stdin, options.token_stdin, browser, options.user and browser)
    if sum(map(bool, ways)) > 1:
        raise usage("login: a password or a token, or a browser, which asks who you are", "xm help login")
    place = place_of(options.url)
    fingerprint, vouched = look(place)
    if options.fingerprint:
        if options.fingerprint.replace(":", "").lower() != fingerprint:
            raise ClientError(
                f"{place.url} has another certificate: SHA-256 {shown(fingerprint)}",
                kind="denied",
                hint="it may not be that host; xenia-web says its own when it starts",
            )
    elif not vouched:
        _compare(place.url, shown(fingerprint))
    pinned = "" if vouched and not options.fingerprint else fingerprint
    if options.token_stdin:
        secret = _one_line("token")
        me = Remote(place, secret=secret, fingerprint=pinned).get("/me")
        rows = Remote(place, secret=secret, fingerprint=pinned).get("/tokens")["tokens"]
        token = next(each for each in rows if each["id"] == me["token"]) | {"role": me["role"]}
    elif browser:
        from xenia.cli.browser_login import log_in

        host = Remote(place, secret="", fingerprint=pinned)
        given = log_in(host, _label(), issuer=options.oidc, here=not options.no_browser)
        token, secret = given["token"], given["secret"]
    else:
        user = options.user or _asked("User", os.environ.get("USER", "root"))
        password = _one_line("password") if options.password_stdin else _password(user)
        body = {"user": user, "password": password, "label": _label()}
        given = Remote(place, secret="", fingerprint=pinned).post("/login", body, seconds=60)
        if "token" not in given:
            raise ClientError(
                f"'{printable(user)}' has to show a security key at {place.url}, which only a browser can ask for",
                kind="denied",
                hint=f"log in with one: xm login --browser {place.url}",
            )
        token, secret = given["token"], given["secret"]
    known = KnownHost(
        name=options.name or place.host,
        url=place.url,
        fingerprint=pinned,
        user=token["user"],
        role=token["role"],
        token=token["id"],
        secret=secret,
        expires=token["expires"],
        how="oidc" if options.oidc else "browser" if browser else "",
    )
    keep(known)
    print(f"You are {printable(known.user)} at {known.name}, with the role {known.role}, until {_when(known.expires)}.")
    print(f"xm --host {known.name} list; export XENIA_HOST={known.name} for all that follows")
    return 0


def _label() -> str:
    """What this login is shown as."""
    return f"xm on {os.uname().nodename}"[:200]


def _compare(url: str, fingerprint: str) -> None:
    """A person says whether it is that host."""
    said = f"No authority vouches for {url}. Its certificate has the fingerprint (SHA-256)\n  {fingerprint}\n"
    if not sys.stdin.isatty():
        raise ClientError(
            f"no authority vouches for {url}: SHA-256 {fingerprint}",
            kind="denied",
            hint="compare it with what xenia-web says when it starts, then: xm login --fingerprint SHA256 URL",
        )
    sys.stderr.write(f"{said}xenia-web says it when it starts on that host. ")
    if _asked("Is it the same? Type yes", "no") != "yes":
        raise ClientError("not logged in: it may not be that host", kind="denied")


def _asked(what: str, default: str) -> str:
    if not sys.stdin.isatty():
        raise usage("login: which user?", "xm login --user USER URL")
    sys.stderr.write(f"{what} [{default}]: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip() or default


def _password(user: str) -> str:
    from getpass import getpass

    if not sys.stdin.isatty():
        raise usage("login: there is nobody to ask for a password", "xm login --password-stdin URL")
    return getpass(f"Password of {user}: ", stream=sys.stderr)


def _one_line(what: str) -> str:
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise usage(f"login: there is no {what} on the standard input", "xm help login")
    return line


def _logout_options(parser: ArgumentParser) -> None:
    parser.add_argument("name", metavar="HOST", nargs="?", help="its name or URL (default: that of --host)")


def _logout(context: Context, options: Namespace) -> int:
    word = options.name or context.host
    if not word:
        raise usage("logout: from which host?", "xm hosts shows them")
    host = find(word)
    try:
        host.client().post("/logout", {})
    except ClientError as error:
        if error.kind != "unauthenticated":
            raise
    forget(host)
    print(f"You have no login at {host.name} any more.")
    return 0


def _hosts_options(parser: ArgumentParser) -> None:
    add_output(parser, "table", "json", "yaml")


def _hosts(_context: Context, options: Namespace) -> int:
    hosts = known_hosts()
    if options.output != "table":
        from xenia.cli.output import print_data

        print_data([{**each.to_json(), "secret": "***"} for each in hosts], options.output)
    elif not hosts:
        print("You have logged in nowhere: xm login URL")
    else:
        from xenia.cli.output import table

        rows = [(each.name, each.url, each.user, each.role, _when(each.expires)) for each in hosts]
        print(table([("Name", "URL", "User", "Role", "Until"), *[tuple(map(printable, row)) for row in rows]]))
    return 0


def _when(seconds: float) -> str:
    over = " (over)" if seconds <= time.time() else ""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds)) + over


COMMANDS = {
    "login": Command(
        "xm login [--as NAME] [--fingerprint SHA256] "
        "[--browser | --oidc | -u USER [--password-stdin] | --token-stdin] URL",
        """\
Log in at another host, as a user of it; xm --host NAME speaks to it from then on. What it may do there depends on that
user. A host whose certificate no authority vouches for is known by its fingerprint, which you compare once. The login
is kept in ~/.config/xenia/hosts.json, and lasts for some hours.
A browser can ask for more than a password: with --browser you log in at the page of the host, also with a security key,
and say there that xm may, too; --oidc leads straight to the issuer of the host. xm opens a browser of this machine;
where there is none, or with --no-browser, it tells an address for any other, and takes the code shown there.""",
        _options,
        _login,
        examples=(
            ("xm login https://alpha.example.org:8006", "asks for user and password"),
            ("xm login --as alpha -u root 192.0.2.7", "call it alpha from now on"),
            ("xm login --oidc alpha.example.org", "through the issuer of the host, with a browser"),
            ("xm login --browser --no-browser alpha", "with a security key, by a browser elsewhere"),
            ("xm login --token-stdin --fingerprint $F alpha < token", "for scripts, with a token"),
        ),
        see_also=("logout", "hosts", "token"),
    ),
    "logout": Command(
        "xm logout [HOST]",
        "End the login at another host, here and there.",
        _logout_options,
        _logout,
        examples=(("xm logout alpha", "end the login at alpha"),),
        see_also=("login", "hosts"),
    ),
    "hosts": Command(
        "xm hosts [-o table|json|yaml]",
        "List the hosts that you have logged in at.",
        _hosts_options,
        _hosts,
        examples=(("xm hosts", "their names, as --host takes them"),),
        see_also=("login",),
    ),
}
