from __future__ import annotations

import os
from typing import Any

import pytest

from xenia.guestfile.read import read


def values(text: str, *overrides: str) -> dict[str, Any]:
    reading = read(text, file="test.cfg", overrides=overrides)
    assert not [each for each in reading.complaints if each.line and each.severity == "error"], reading.complaints
    return reading.values


def refusal(text: str) -> str:
    """The one error of a file, as `line:column message`."""
    reading = read(text, file="test.cfg")
    assert reading.config is None
    (error,) = [each for each in reading.complaints if each.severity == "error"]
    return f"{error.line}:{error.column} {error.message}"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3 - 4", 3),
        ("7 / 2", 3),
        ("1024 / 2", 512),
        ("7.0 / 2", 3.5),
        ("2 ** 10", 1024),
        ("-(3) % 5", 2),
        ("1 << 4 | 1", 17),
        ("'a' + 'b' * 2", "abb"),
        ("'%s-%02d' % ('web', 7)", "web-07"),
        ("'%(a)s' % {'a': 1}", "1"),
        ("f'{7:03d}-{\"x\"!r}'", "007-'x'"),
        ("'{}-{:>3}'.format('a', 1)", "a-  1"),
        ("'a,b'.split(',')", ["a", "b"]),
        ("','.join(['a', 'b'])", "a,b"),
        ("'Ab'.upper().lower().replace('a', 'x')", "xb"),
        ("[n * 2 for n in range(4) if n]", [2, 4, 6]),
        ("'abcdef'[1:-1:2]", "bd"),
        ("{'a': [1]}['a'][0]", 1),
        ("1 if not [] else 2", 1),
        ("1 < 2 < 3 and 'x' in 'xyz'", True),
        ("None or 'default'", "default"),
        ("str(1) + repr('x') + hex(255)", "1'x'0xff"),
        ("sorted([3, 1]) + [max(1, 2), len('abc')]", [1, 3, 2, 3]),
        ("'multi' 'ple'", "multiple"),
        ("r'a\\d' + u'b'", "a\\db"),
        ("(1, 'two')", [1, "two"]),
        ("os.path.join('/a', 'b')", "/a/b"),
        ("int('7') + int(7.9)", 14),
        ("{k: v for k, v in [('a', 1)]}", {"a": 1}),
        ("sorted(['bb', 'a'], key=lambda t: len(t))", ["a", "bb"]),
        ("map(lambda n: n * 2, range(3)) + filter(None, [0, 1])", [0, 2, 4, 1]),
        ("'%s-%s'.replace('-', '+') % tuple(['a', 'b'])", "a+b"),
        ("max(*[1, 3, 2])", 3),
        ("('a', 'b', 'a').count('a')", 2),
        ("os.uname().machine == os.uname()[4]", True),
        ("'x' in globals() or 'os' in dir()", False),
    ],
)
def test_expressions_have_python_s_value(expression: str, value: Any) -> None:
    assert values(f"x = {expression}\n")["x"] == value


def test_statements() -> None:
    text = """
import os, re, string, sys, time
from os.path import basename as last
def mac(n, prefix="00:16:3e"):
    if n > 255:
        raise ValueError("too large")
    return "%s:00:00:%02x" % (prefix, n)
vif = []
for n in range(3):
    if n == 1:
        continue
    vif.append("mac=" + mac(n))
else:
    done = True
count = 0
while True:
    count += 1
    if count == 5: break
a, (b, c) = 1, [2, 3]
table = {}
table['k'] = string.upper('v')
name = last('/etc/xen/web')
arch = os.uname()[4]
found = re.sub('[0-9]+', '#', 'vm12')
print("reading", name)
del a
"""
    got = values(text)
    assert got["vif"] == ["mac=00:16:3e:00:00:00", "mac=00:16:3e:00:00:02"]
    assert (got["done"], got["count"], got["b"], got["c"], got["table"]) == (True, 5, 2, 3, {"k": "V"})
    assert (got["name"], got["found"], got["arch"]) == ("web", "vm#", os.uname().machine)
    assert "a" not in got
    assert "mac" not in got


def test_a_file_can_ask_the_command_line_for_values() -> None:
    text = """
def positive(var, val):
    val = int(val)
    if val <= 0:
        raise ValueError
    return val
xm_vars.var('vmid', use="Virtual machine id.", check=positive)
xm_vars.check()
name = "VM%d" % vmid
"""
    assert values(text, "vmid=4")["name"] == "VM4"
    assert refusal(text) == "7:1 the file wants vmid from the command line (Virtual machine id.)"
    reading = read(text, file="x", overrides=["vmid=0"])
    assert [each.line for each in reading.complaints if each.severity == "error"] == [5]


def test_what_has_no_value_can_be_caught() -> None:
    text = """
try:
    vmid
except NameError:
    vmid = 7
try:
    import random
except (KeyError, ImportError):
    pass
try:
    n = int("x")
except Exception as error:
    n = 1
else:
    n = 2
finally:
    done = 1
def check(n):
    try:
        if n > 1:
            raise ValueError("too large")
        return 0
    except ValueError as why:
        return str(why)
c = [check(1), check(2)]
"""
    got = values(text)
    assert (got["vmid"], got["n"], got["done"]) == (7, 1, 1)
    assert got["c"] == [0, "too large"]
    assert values(text, "vmid=9")["vmid"] == "9"


def test_functions_see_the_file_s_names_and_change_them_where_they_say_so() -> None:
    text = """
disk = []
count = 0
def add(path, target="xvda"):
    global count
    count = count + 1
    disk.append("phy:%s,%s,w" % (path, target))
    def inner(n): return n + len(path)
    return inner(count)
length = add("/dev/a")
table = {"a": 1, "b": 2}
del table["a"]
del disk[0:0]
"""
    got = values(text)
    assert (got["count"], got["length"], got["disk"], got["table"]) == (1, 7, ["phy:/dev/a,xvda,w"], {"b": 2})


def test_words_of_the_command_line_are_names_of_the_file() -> None:
    assert values("name = 'vm' + number + '.' + str(1)", "number=7")["name"] == "vm7.1"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("import socket", "1:1 import socket is not allowed: a guest file is read, not run"),
        ("from subprocess import call", "1:1 import subprocess is not allowed: a guest file is read, not run"),
        ("x = os.popen('id')", "1:5 os.popen is not allowed: reading a guest file runs no program"),
        ("x = os.environ['HOME']", "1:5 os.environ is not allowed: reading a guest file runs no program"),
        ("x = open('/etc/passwd')", "1:5 open is not allowed: a guest file is read, not run"),
        ("execfile('/etc/xen/common')", "1:1 execfile is not allowed: a guest file is read, not run"),
        ("x = __import__('os')", "1:5 __import__ is not allowed: a guest file is read, not run"),
        ("eval('1')", "1:1 eval is not allowed: a guest file is read, not run"),
        ("if os.path.exists('/x'): y = 1", "1:4 os.path.exists is not allowed: reading a guest file runs no program"),
        ("x = ().__class__", "1:5 .__class__ is not allowed here"),
        ("x = 'a'.__class__.__mro__", "1:5 .__class__ is not allowed here"),
        ("x = '{0.__class__}'.format(1)", "1:5 a format may name a value, but no part of it"),
        ("x = '{a[0]}'.format(a=[1])", "1:5 a format may name a value, but no part of it"),
        ("x = [].sort.__self__", "1:5 .sort is not allowed here"),
        ("x = {1, 2}", "1:5 a set is not allowed in a guest file"),
        ("x = [y := 1]", "1:6 := is not allowed in a guest file"),
        ("x = len(**{})", "1:5 ** is not allowed in a call"),
        ("def f(*a): pass", "1:1 a function of a guest file takes plain arguments only"),
        ("class A: pass", "1:1 class is not allowed in a guest file"),
        ("with os as x: pass", "1:1 with is not allowed in a guest file"),
        ("x = 'häß' + y", "1:13 the name y is not known here"),
        ("x = [1][3]", "1:5 this cannot be evaluated: list index out of range"),
        ("x = {}['a']", "1:5 this cannot be evaluated: there is no 'a' in it"),
        ("x = 1 // 0", "1:5 this cannot be evaluated: integer division or modulo by zero"),
        ("x = '%d' % 'a'", "1:5 this cannot be evaluated: %d format"),
        ("x = 1 + 'a'", "1:5 this cannot be evaluated: unsupported operand"),
        ("a, b = 1, 2, 3", "1:1 this does not give 2 values"),
        ("os.x = 1", "1:1 only a name can be given a value here"),
        ("assert False", "1:1 the file itself refuses its values here: assert"),
        ("assert 1 > 2, '%d is too much' % 2", "1:1 the file itself refuses its values here: 2 is too much"),
        ("raise ValueError('no vmid: ' + str(7))", "1:1 the file itself refuses its values here: no vmid: 7"),
        ("raise ValueError", "1:1 the file itself refuses its values here: raise"),
        ("try: import socket\nexcept ValueError: x = 1", "1:6 import socket is not allowed"),
        ("try: x = os.environ['A']\nexcept: x = 1", "1:10 os.environ is not allowed"),
        ("try: x = 9 ** 9 ** 9\nexcept: x = 1", "1:10 evaluating the file was given up: a number gets too large"),
    ],
)
def test_what_is_not_allowed_is_said_with_its_place(line: str, said: str) -> None:
    assert refusal(line).startswith(said)


@pytest.mark.parametrize(
    "bomb",
    [
        "while True:\n    pass",
        "for i in range(4000):\n    for j in range(4000):\n        x = 1",
        "for i in range(10 ** 12):\n    pass",
        "x = 9 ** 9 ** 9",
        "x = 1 << 10 ** 9",
        "x = 'a' * 10 ** 10",
        "x = [0] * 10 ** 9",
        "x = '%1000000000d' % 1",
        "x = '%*d' % (10 ** 9, 1)",
        "x = '%.999999999f' % 1",
        "x = f'{1:>1000000000}'",
        "x = '{:>1000000000}'.format(1)",
        "x = '{:{}}'.format(1, 10 ** 9)",
        "x = ('a' * 60000).replace('', 'b' * 60000)",
        "x = ('a' * 60000).join(['b'] * 4000)",
        "x = 'a'.ljust(10 ** 10)",
        "x = '\\t'.expandtabs(10 ** 10)",
        "x = re.sub('', 'b' * 60000, 'a' * 60000)",
        "a = [1]\nwhile 1:\n    a = a + a",
        "a = ['x' * 99]\n" + "a = [a, a, a, a, a, a, a, a]\n" * 30 + "b = str(a)",
        "a = ['x' * 99]\n" + "a = [a, a, a, a, a, a, a, a]\n" * 30,
        "a = []\na.append(a)",
        "a = {}\na['a'] = a",
        "def f(n):\n    return f(n + 1)\nx = f(1)",
        "x = " + "-" * 5000 + "1",
        "x = " + "not " * 50000 + "1",
        "x = " + "[" * 150 + "]" * 150,
        "x = " + "(" * 5000 + ")" * 5000,
        "x = " + "+".join(["1"] * 20000),
        "x = os" + ".path" * 5000,
        "x = " + "9" * 5000,
        "x = " + "9" * 4000,
        "if 1:\n" + "".join(" " * depth + "if 1:\n" for depth in range(1, 90)) + " " * 90 + "x = 1",
    ],
    ids=lambda bomb: bomb[:30],
)
def test_bombs_are_given_up_with_a_complaint(bomb: str) -> None:
    reading = read("import re\n" + bomb + "\n", file="bomb.cfg")
    assert reading.config is None
    assert any(each.severity == "error" and each.message for each in reading.complaints)


def test_a_long_sum_of_texts_is_no_bomb() -> None:
    assert values("extra = " + " + ".join(["'ab'"] * 300) + "\n")["extra"] == "ab" * 300
