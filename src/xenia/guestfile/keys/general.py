"""What a domain is: name, kind, memory, virtual CPUs, and what happens at its end."""

from __future__ import annotations

from xenia.guestfile.keys.key import Dialect, Key, KeyType, ignored, translated

_TEXT, _NUMBER = KeyType.TEXT, KeyType.NUMBER
_XM, _XL = Dialect.XM, Dialect.XL
_XENDOMAINS = ignored("links in /etc/xen/auto do this")
_RUNS_ON = ignored("domains run on without xend")
_NO_WATCHDOG = ignored("this device is not offered on QEMU yet")
_XEND_ALONE = ignored("xend alone acts on the end of a guest")
_NOBODY = ignored("nobody asks for it yet")

KEYS = (
    Key("name", _TEXT, None, "The domain's name; without one, the name of the file", "name = 'winxp'"),
    Key(
        "uuid",
        _TEXT,
        None,
        "The domain's UUID; one is made and kept where none is given",
        "uuid = '06ed00fe-1162-4fc4-b5d8-11993ee4a8b9'",
    ),
    Key(
        "builder",
        _TEXT,
        "linux",
        "What the domain is: linux or generic (PV), hvm (an unmodified system)",
        "builder = 'hvm'",
    ),
    Key("type", _TEXT, "pv", "What the domain is: pv, pvh, hvm; counts more than builder", "type = 'pvh'", _XL),
    Key("memory", _NUMBER, 128, "Memory in MiB", "memory = 512"),
    Key(
        "maxmem",
        _NUMBER,
        None,
        "The most memory the domain can be given while it runs, in MiB",
        "maxmem = 2048",
        qemu=translated("a PV or PVH guest starts with it, and gives back what is above memory by itself"),
    ),
    Key("vcpus", _NUMBER, 1, "Virtual CPUs", "vcpus = 2"),
    Key(
        "maxvcpus",
        _NUMBER,
        None,
        "The most virtual CPUs the domain can be given while it runs; vcpus of them are there at the start",
        "maxvcpus = 4",
        _XL,
    ),
    Key(
        "vcpu_avail",
        _NUMBER,
        None,
        "Bit mask of those of vcpus that are there at the start; how many counts, not which",
        "vcpu_avail = 1",
        _XM,
    ),
    Key(
        "on_poweroff",
        _TEXT,
        "destroy",
        "What happens when the guest powers off: destroy, restart, preserve or rename-restart",
        "on_poweroff = 'destroy'",
    ),
    Key(
        "on_reboot",
        _TEXT,
        "restart",
        "What happens when the guest reboots: destroy, restart, preserve or rename-restart",
        "on_reboot = 'restart'",
    ),
    Key(
        "on_crash",
        _TEXT,
        "restart",
        "What happens when the guest crashes: as on_reboot; also coredump-destroy and coredump-restart",
        "on_crash = 'preserve'",
    ),
    Key(
        "restart",
        _TEXT,
        None,
        "Older word for all three: onreboot, always, never",
        "restart = 'onreboot'",
        _XM,
    ),
    Key(
        "on_xend_start",
        _TEXT,
        None,
        "What xend does with the domain when it starts: ignore, start",
        "on_xend_start = 'start'",
        _XM,
        _XENDOMAINS,
        _XENDOMAINS,
    ),
    Key(
        "on_xend_stop",
        _TEXT,
        None,
        "What xend does with the domain when it stops: ignore, suspend, shutdown",
        "on_xend_stop = 'shutdown'",
        _XM,
        _RUNS_ON,
        _RUNS_ON,
    ),
    Key(
        "on_watchdog",
        _TEXT,
        None,
        "What happens when the domain's watchdog fires",
        "on_watchdog = 'restart'",
        _XL,
        _NO_WATCHDOG,
        _XEND_ALONE,
    ),
    Key(
        "on_soft_reset",
        _TEXT,
        None,
        "What happens when the guest resets itself without ending, as Linux does for kexec",
        "on_soft_reset = 'soft-reset'",
        _XL,
        ignored("a kexec needs nobody's help on QEMU"),
        _XEND_ALONE,
    ),
    Key(
        "tags",
        KeyType.LIST,
        (),
        "Words to take domains together by, in lists and rights: up to 32, of letters, digits and . _ -",
        "tags = [ 'web', 'berlin' ]",
        Dialect.XENIA,
    ),
    Key("description", _TEXT, None, "A text for people", "description = 'the mail server'", _XM, _NOBODY, _NOBODY),
)
