"""Runs Ganeti's own hypervisor class for Xen, as its package has it: FOLDER COMMAND CONFIG_FOLDER STEP...

Prints what each step returned, as JSON. What Ganeti imports of others and does not use here is left empty.
"""

from __future__ import annotations

import json
import logging
import sys
import types
from importlib.machinery import ModuleSpec

FOLDER, COMMAND, CONFIG = sys.argv[1:4]
_UNUSED = {"OpenSSL", "bitarray", "paramiko", "psutil", "pycurl", "pyinotify", "pyparsing", "simplejson"}


class _Empty(types.ModuleType):
    version_info = (9, 9)
    __path__ = ()

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (Exception,), {})


class _Unused:
    def find_spec(self, name: str, _path: object = None, _target: object = None) -> ModuleSpec | None:
        return ModuleSpec(name, self, is_package=True) if name.split(".")[0] in _UNUSED else None

    def create_module(self, spec: ModuleSpec) -> types.ModuleType:
        return _Empty(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        pass


sys.meta_path.insert(0, _Unused())
sys.path.insert(0, FOLDER)

from ganeti import constants, objects, pathutils  # noqa: E402

pathutils.RUN_DIR = pathutils.LOG_XEN_DIR = CONFIG  # instead of its folders below /var

from ganeti.hypervisor import hv_xen  # noqa: E402

logging.disable(logging.CRITICAL)

HVPARAMS = {
    **constants.HVC_DEFAULTS[constants.HT_XEN_PVM],
    constants.HV_XEN_CMD: COMMAND,
    constants.HV_KERNEL_PATH: "/boot/vmlinuz-3-xenU",
}
INSTANCE = objects.Instance(
    name="inst1.example.com",
    hvparams=HVPARAMS,
    beparams={constants.BE_MAXMEM: 512, constants.BE_MINMEM: 256, constants.BE_VCPUS: 2},
    nics=[],
)
HYPERVISOR = hv_xen.XenPvmHypervisor(_cfgdir=CONFIG, _cmd=COMMAND)
HYPERVISOR._InstanceStartupMemory = lambda _instance: 512

STEPS = {
    "verify": lambda: HYPERVISOR.Verify(HVPARAMS),
    "start": lambda: HYPERVISOR.StartInstance(INSTANCE, [], False),
    "list": lambda: HYPERVISOR.ListInstances(HVPARAMS),
    "info": lambda: HYPERVISOR.GetInstanceInfo(INSTANCE.name, HVPARAMS),
    "all": lambda: HYPERVISOR.GetAllInstancesInfo(HVPARAMS),
    "node": lambda: HYPERVISOR.GetNodeInfo(HVPARAMS),
    "balloon": lambda: HYPERVISOR.BalloonInstanceMemory(INSTANCE, 256),
    "stop": lambda: HYPERVISOR.StopInstance(INSTANCE, force=True),
}

print(json.dumps([STEPS[step]() for step in sys.argv[4:]]))
