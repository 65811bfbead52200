"""What people really get wrong: each gets a complaint with its place and a hint, and no traceback."""

from __future__ import annotations

import pytest

from xenia.guestfile.read import read
from xenia.guestfile.text import LIMIT
from xenia.lib.text import decode
from xenia.model.complaint import Complaint, Severity

GOOD = "name = 'x'\nkernel = '/k'\nmemory = 64\n"


def only(severity: Severity, text: str) -> Complaint:
    (found,) = [each for each in read(text, file="x.cfg").complaints if each.severity is severity]
    return found


@pytest.mark.parametrize(
    ("text", "line", "column", "message", "hint"),
    [
        ("name = coriolanus\n", 1, 8, "coriolanus is a text without quotes", 'name = "coriolanus"'),
        ("name = 'x'\nkernel = /boot/vmlinuz-2.6\n", 2, 10, "/boot/vmlinuz-2.6 is a text without quotes", "kernel = "),
        ("device-model = '/qemu-dm'\n", 1, 1, "a key has no - in it: device-model", "did you mean device_model?"),
        ("#x\nname = “x”\n", 2, 8, "“ is a typographic quote", "replace both by plain quotes"),
        ("name = 'x'\nThe memory in MB:\n", 2, 1, "this line is neither an assignment nor a comment", "lost its #?"),
        ("import os\nname = 'x'\nThis is prose.\n", 3, 1, "this line is neither an assignment nor", "lost its #?"),
        ("name = 'x\nmemory = 1\n", 1, 8, "the text that begins here is not closed", None),
        ("name = 'x'\nvif =\n['']\n", 2, 1, "vif has no value on its line", "the line of the ="),
        ("name = 'x'\ndisk = [ 'a,hda,w'\nmemory = 1\n", 2, 8, "the list of disk that begins here is not closed", "]"),
        ("import os\nname = 'x'\n  memory = 1\n", 3, 2, "unexpected indent", "lines begin without blanks"),
        ('name = "x"kernel = "/k"\n', 1, 11, 'the second " ends this text, and another key follows it: kernel', "own"),
        ("memory = $MEMORY\n", 1, 10, "$MEMORY is a place in a template that nobody has filled in", "memory ="),
        ("memory = ${MEMORY}\n", 1, 10, "${MEMORY} is a place in a template", None),
        ("vcpus = {{ cpu }}\n", 1, 9, "{{ cpu }} is a place in a template", None),
        ("memory = <size>\n", 1, 10, "<size> is a place in a template", None),
        ("memory = %(ram)s\n", 1, 10, "%(ram)s is a place in a template", None),
        ("{% raw %}\nname = 'x'\n", 1, 1, "{% begins a tag of a template", "remove this line"),
        (
            "> name = 'x'\n",
            1,
            1,
            "this line begins with a >, as in a mail",
            "remove it from the beginning of each line",
        ),
        ("| name = 'x'\n", 1, 1, "this line begins with a |", None),
        ("1. name = 'x'\n", 1, 1, "this line begins with its number: 1.", "each line"),
        ("```\nname = 'x'\n", 1, 1, "``` stands around a listing in a web page", "remove this line"),
        ("name = &quot;x&quot;\n", 1, 8, "&quot; is how web pages write a quote", "write the quote itself"),
        ("[domain]\nname = 'x'\n", 1, 1, "[domain] is a section", "remove this line"),
        ("export name='x'\n", 1, 1, "export is a word of the shell", "remove the word"),
        ("cat > x.cfg <<EOF\nname = 'x'\n", 1, 1, "this is a line of the shell", "remove this line"),
        ("name = 'x'\nroot@host:~#\n", 2, 1, "this is a line of the shell", None),
        ("memory = 512MB\n", 1, 10, "512MB is no number", "it is in MiB: memory = 512"),
        ("memory = 2 GB # much\n", 1, 10, "2 GB is no number", "memory = 2048"),
        ("acpi = on\n", 1, 8, "on is a text without quotes", "acpi = 1"),
        ("vnc = no\n", 1, 7, "no is a text without quotes", "vnc = 0"),
        ("name = 'x\"\n", 1, 8, "the text that begins here is not closed", "it begins with ' and ends with \""),
        ("disk = [ 'a,hda,w', 'phy:/dev/\nx,hdb,w' ]\n", 1, 21, "the text that begins here is not closed", "next line"),
        ("name =3D 'x'\n", 1, 1, "=3D is how mails encode a =", "decode"),
        ("`name='x'`\n", 1, 1, "this line stands between two `", "remove the ` from each line"),
        ("on\\_reboot = 'destroy'\n", 1, 1, "a \\ stands here, as in the source of a web page", "remove the \\"),
        ("vcpus = 2\npci = \\[ '01:00.0' \\]\n", 2, 1, "a \\ stands here", None),
        ("vcpus = 2 !! two\n", 1, 11, "the end of the line is expected here, not '!'", "a comment begins with #"),
        ("print 'x'\n", 1, 1, "print without brackets is Python 2", "print(...)"),
        ("name: 'x'\n", 1, 1, "a : stands where a = belongs", "key = value"),
        (GOOD + "memory = '512M'\n", 4, 10, "memory takes a number, not '512M'", "MiB"),
        (GOOD + "vcpus = 'two'\n", 4, 9, "vcpus takes a number, not 'two'", None),
        (GOOD + "acpi = 'perhaps'\n", 4, 8, "acpi takes 0 or 1, not 'perhaps'", "acpi = 1"),
        (GOOD + "memory = 0\n", 4, 10, "a domain cannot have 0 MiB", None),
        (GOOD + "disk = 7\n", 4, 8, "disk takes a list, not 7", "disk = ["),
        (GOOD + "boot = 'x'\n", 4, 8, "boot knows no x", "a floppy"),
        (GOOD + "builder = 'kvm'\n", 4, 11, "builder knows no kvm", "hvm"),
        (GOOD + "on_reboot = 'explode'\n", 4, 13, "on_reboot knows no explode", "restart"),
        (GOOD + "on_reboot = 'coredump-restart'\n", 4, 13, "on_reboot knows no coredump-restart", "destroy"),
        (GOOD + "uuid = '1234'\n", 4, 8, "1234 is no UUID", "leave it out"),
        (GOOD + "name = 'a/b'\n", 4, 8, "'a/b' cannot be a name: it has a / in it", None),
        (GOOD + "name = 'save'\n", 4, 8, "'save' cannot be a name", None),
        (GOOD + "name = '../x'\n", 4, 8, "'../x' cannot be a name", None),
        (GOOD + "name = 'a b'\n", 4, 8, "'a b' cannot be a name", None),
        (GOOD + "name = ''\n", 4, 8, "the name is empty", None),
        (GOOD + "name = '" + "n" * 200 + "'\n", 4, 8, "'nnn", None),
        (GOOD + "x\0y\n", 4, 2, "there is a NUL byte here", None),
        ("", 0, 0, "a pv domain needs a kernel or a bootloader", "hvm"),
        ("x" * (LIMIT + 1), 0, 0, "the file is longer than 128 KiB", None),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_an_error_says_what_and_where_and_what_to_do(
    text: str, line: int, column: int, message: str, hint: str | None
) -> None:
    error = only(Severity.ERROR, text)
    assert (error.line, error.column) == (line, column)
    assert error.message.startswith(message)
    assert hint is None or hint in (error.hint or "")
    if line:
        assert error.text == "".join(c if c.isprintable() else "?" for c in text.split("\n")[line - 1])
        assert error.place == f"x.cfg:{line}:{column}"


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("vnccolsole = 0", "did you mean vncconsole?"),
        ("vncused = 0", "did you mean vncunused?"),
        ("memry = 512", "did you mean memory?"),
        ("initrd = '/i'", "did you mean ramdisk?"),
        ("home = '/dev/xvda3 ro'", None),
    ],
)
def test_an_unknown_key_is_a_warning_at_the_key_with_the_nearest_name(line: str, hint: str | None) -> None:
    warning = only(Severity.WARNING, GOOD + line + "\n")
    assert (warning.line, warning.column, warning.hint) == (4, 1, hint)
    assert warning.message.endswith("is no key of a guest file: it has no effect")


def test_a_name_that_the_file_itself_uses_is_no_unknown_key() -> None:
    reading = read("lib = 'x'\nname = lib + 'y'\nkernel = '/k'\nmemory = 64\n", file="x")
    assert reading.complaints == ()


def test_a_name_that_nothing_reads_is_only_noted_in_python_unless_it_is_like_a_key() -> None:
    head = "import os\n" + GOOD
    assert only(Severity.NOTE, head + "arch_libdir = 'lib64'\n").message.startswith("arch_libdir is no key")
    assert only(Severity.WARNING, head + "memry = 512\n").hint == "did you mean memory?"


def test_a_group_of_viridian_outside_of_a_list_is_warned_of_and_has_no_effect() -> None:
    reading = read("builder = 'hvm'\nname = 'x'\nmemory = 64\nviridian = 'defaults'\n", file="x")
    assert reading.config is not None
    assert not reading.config.platform.viridian
    (warning,) = reading.complaints
    assert (warning.severity, warning.line, warning.hint) == (Severity.WARNING, 4, "viridian = [ 'defaults' ]")


@pytest.mark.parametrize(("path", "firmware"), [("/usr/lib/xen/boot/OVMF.fd", "uefi"), ("/x/bios.bin", "bios")])
def test_a_path_as_firmware_is_warned_of(path: str, firmware: str) -> None:
    reading = read(f"builder = 'hvm'\nname = 'x'\nmemory = 64\nfirmware = '{path}'\n", file="x")
    assert reading.config is not None
    assert reading.config.boot.firmware == firmware
    (warning,) = reading.complaints
    assert warning.message == f"{path} is not used: the host's own firmware ({firmware}) is"


def test_a_word_of_vfb_that_is_like_another_is_told() -> None:
    warning = only(Severity.WARNING, GOOD + "vfb = [ 'type=vnc,key=en-us' ]\n")
    assert warning.hint == "did you mean keymap=en-us?"


def test_the_same_key_twice_is_noted_and_the_last_one_counts() -> None:
    text = GOOD + "extra = 'a'\nextra = 'b'\n"
    assert only(Severity.NOTE, text).message == "extra stands here once more (first in line 4): the last one counts"
    config = read(text, file="x").config
    assert config is not None
    assert config.boot.extra == "b"


def test_two_texts_without_a_comma_are_told() -> None:
    warning = read(GOOD + "vif = [ 'bridge=a' 'bridge=b' ]\n", file="x").complaints[0]
    assert (warning.severity, warning.line, warning.column) == (Severity.WARNING, 4, 20)
    assert "there is no comma before this text" in warning.message


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_one(end: str) -> None:
    reading = read(GOOD.replace("\n", end) + "vcpus = 'x'", file="x")
    assert reading.complaints[0].line == 4
    assert reading.values == {"name": "x", "kernel": "/k", "memory": 64, "vcpus": "x"}


def test_a_byte_order_mark_is_noted() -> None:
    reading = read("\ufeff" + GOOD, file="x")
    assert reading.config is not None
    assert [each.severity for each in reading.complaints] == [Severity.NOTE]


def test_old_bytes_are_read_as_latin_1() -> None:
    assert decode("# häuser".encode("latin-1")) == decode("# häuser".encode()) == "# häuser"
    assert read(GOOD + "extra = '\udce4'\n", file="x").values["extra"] == "ä"


def test_control_characters_do_not_get_into_complaints() -> None:
    reading = read("name = 'a\x1b[31mb/'\nkernel='/k'\nvif=['\x1b]0;x\x07']\n", file="x")
    for each in reading.complaints:
        assert (each.message + each.text + (each.hint or "")).isprintable()


def test_lines_may_be_indented_and_ended_by_semicolons_in_a_plain_file() -> None:
    reading = read("  name = 'x';\tkernel = '/k'\n\f  memory = 0x40; vcpus = 010\ndisk = [\n]", file="x")
    assert reading.values == {"name": "x", "kernel": "/k", "memory": 64, "vcpus": 8, "disk": []}


def test_places_are_those_of_the_items() -> None:
    text = GOOD + "disk = [ 'phy:a,hda,w',\n         'phy:b,hdb,w' ]\nvif = ['']\nvif += [ 'bridge=br0' ]\n"
    places = read(text, file="x").places
    assert (places["memory"].line, places["memory"].column, places["memory"].text) == (3, 10, "memory = 64")
    assert [(places[f"disk[{n}]"].line, places[f"disk[{n}]"].column) for n in range(2)] == [(4, 10), (5, 10)]
    assert [(places[f"vif[{n}]"].line, places[f"vif[{n}]"].column) for n in range(2)] == [(6, 8), (7, 10)]


def test_items_keep_their_places_through_python() -> None:
    text = "d = '/dev/'\ndisk = []\ndisk.append('phy:' + d + 'a,hda,w')\ndisk = disk + [\n 'x,bad,w']\n"
    reading = read(text, file="x")
    assert (reading.places["disk[0]"].line, reading.places["disk[0]"].column) == (3, 13)
    assert [each.line for each in reading.complaints if "no target" in each.message] == [5]
