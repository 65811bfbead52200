"""xm completion."""

from __future__ import annotations

from xenia.cli.command import Command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context

SHELLS = ("bash", "zsh", "fish")


def script(shell: str) -> str:
    from pathlib import Path

    return Path(__file__).with_name(f"xm.{shell}").read_text()


def _options(parser: ArgumentParser) -> None:
    import argparse

    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help="bash, zsh or fish")
    parser.add_argument("--line", help=argparse.SUPPRESS)


def _completion(context: Context, options: Namespace) -> int:
    if options.line is None:
        print(script(options.shell), end="")
        return 0
    from xenia.cli.completion.line import Line

    for text in Line(options.line, context.root, context.host).offered(breaks="=:" if options.shell == "bash" else ""):
        print(text)
    return 0


COMMANDS = {
    "completion": Command(
        "xm completion (bash | zsh | fish)",
        """\
Print the script with which a shell completes the words of xm: commands, options, and the domains, guest files, devices
and keys that there are now. Packages of Xenia install it; this is for a shell of one's own.""",
        _options,
        _completion,
        examples=(
            ('eval "$(xm completion bash)"', "in ~/.bashrc"),
            ("source <(xm completion zsh)", "in ~/.zshrc, after compinit"),
            ("xm completion fish | source", "in ~/.config/fish/config.fish"),
        ),
        see_also=("help", "shell"),
    )
}
