"""Xen's device model (its QEMU): which, and with which options."""

from __future__ import annotations

from xenia.guestfile.keys.key import Dialect, Fate, Key, KeyType, ignored

_TEXT, _LIST = KeyType.TEXT, KeyType.LIST
_ENGINE = ignored("QEMU itself is the engine")
_CHOSEN = ignored("Xen's tools choose their QEMU themselves")
_ANOTHER_PROGRAM = ignored("it would run another program on the host, or Xen's QEMU in another way")


def _model(
    name: str,
    type: KeyType,
    meaning: str,
    example: str,
    *,
    dialect: Dialect = Dialect.XL,
    xen: Fate = _ANOTHER_PROGRAM,
) -> Key:
    return Key(name, type, None, meaning, example, dialect, _ENGINE, xen)


KEYS = (
    _model(
        "device_model",
        _TEXT,
        "Path of the device model",
        "device_model = '/usr/lib/xen/bin/qemu-dm'",
        dialect=Dialect.BOTH,
        xen=_CHOSEN,
    ),
    _model(
        "device_model_version",
        _TEXT,
        "Which device model: qemu-xen, qemu-xen-traditional",
        "device_model_version = 'qemu-xen'",
        xen=_CHOSEN,
    ),
    _model("device_model_override", _TEXT, "Another QEMU", "device_model_override = '/opt/qemu'"),
    _model("device_model_args", _LIST, "Options for QEMU", "device_model_args = ['-name', 'x']"),
    _model("device_model_args_pv", _LIST, "Options for the QEMU of a PV guest", "device_model_args_pv = ['-v']"),
    _model("device_model_args_hvm", _LIST, "Options for the QEMU of an HVM guest", "device_model_args_hvm = ['-v']"),
    _model("device_model_machine", _TEXT, "Machine type of QEMU", "device_model_machine = 'pc'"),
    _model("device_model_user", _TEXT, "Whom QEMU runs as", "device_model_user = 'qemu'"),
    _model(
        "device_model_stubdomain_override",
        KeyType.FLAG,
        "QEMU in a domain of its own",
        "device_model_stubdomain_override = 1",
    ),
    _model(
        "device_model_stubdomain_seclabel",
        _TEXT,
        "Security label of that domain",
        "device_model_stubdomain_seclabel = 'a:b:c'",
    ),
    _model("stubdomain_kernel", _TEXT, "Its kernel", "stubdomain_kernel = '/opt/stub'"),
    _model("stubdomain_ramdisk", _TEXT, "Its ramdisk", "stubdomain_ramdisk = '/opt/stub.img'"),
    _model("stubdomain_cmdline", _TEXT, "Its kernel's command line", "stubdomain_cmdline = 'debug'"),
    _model("stubdomain_memory", KeyType.NUMBER, "Its memory in MiB", "stubdomain_memory = 128"),
)
