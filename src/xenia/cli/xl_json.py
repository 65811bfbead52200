"""The long form of xl list: JSON with libxl's members (libxl_types.idl, libxl_domain_config), in xl's order and layout,
which scripts read line by line: a name is never the last of its object. Defaults are left out, as in libxl's.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def describe(answer: dict[str, Any]) -> dict[str, Any]:
    """From the answer to GET /domains/REF; its `config` may be None (Domain-0)."""
    domain, config = answer["domain"], answer.get("config") or {}
    members = _config(config, answer.get("macs") or ())
    members["c_info"] = {"name": domain["name"], "type": domain["kind"], "uuid": domain["uuid"]}
    members["b_info"] |= _size(domain["vcpus"], config.get("max_vcpus"), domain["memory"], domain["max_memory"])
    return {"domid": domain["domid"], "config": members}


def describe_config(config: dict[str, Any]) -> dict[str, Any]:
    """Of a guest file, from the answer to POST /plan."""
    members = _config(config, ())
    members["c_info"] = {"name": config["name"], "type": config["kind"]} | _given(uuid=config["uuid"])
    most = config["max_memory"] or config["memory"]
    members["b_info"] |= _size(config["vcpus"], config["max_vcpus"], config["memory"], most)
    return {"domid": None, "config": members}


def _config(config: dict[str, Any], macs: Any) -> dict[str, Any]:
    boot, policy = config.get("boot") or {}, config.get("policy") or {}
    emulated = config.get("kind") == "hvm"
    return {
        "c_info": {},
        "b_info": _given(
            kernel=boot.get("kernel"),
            ramdisk=boot.get("ramdisk"),
            cmdline=boot.get("extra"),
            bootloader=boot.get("bootloader"),
        )
        | ({"type.hvm": _given(boot=boot.get("order"))} if emulated else {}),
        "disks": [_disk(disk) for disk in config.get("disks") or ()],
        "nics": [_nic(number, vif, macs) for number, vif in enumerate(config.get("vifs") or ())],
    } | {key: action.replace("-", "_") for key, action in policy.items()}


def _size(vcpus: int, max_vcpus: int | None, memory: int, max_memory: int) -> dict[str, Any]:
    return {
        "max_vcpus": max_vcpus or vcpus,
        "avail_vcpus": list(range(vcpus)),
        "max_memkb": max_memory << 10,
        "target_memkb": memory << 10,
    }


def _disk(disk: dict[str, Any]) -> dict[str, Any]:
    return {
        "pdev_path": disk["path"],
        "vdev": disk["target"],
        "format": "empty" if disk["source"] == "empty" else disk["format"],
        "readwrite": int(disk["mode"] != "r"),
    } | _given(is_cdrom=int(disk["cdrom"]), script=disk["script"])


def _nic(number: int, vif: dict[str, Any], macs: Any) -> dict[str, Any]:
    return {"devid": number} | _given(
        mac=macs[number] if number < len(macs) else vif["mac"],
        bridge=vif["bridge"],
        model=vif["model"],
        script=vif["script"],
        ip=" ".join(vif["ip"]),
        ifname=vif["vifname"],
        nictype="vif_ioemu" if vif["type"] == "ioemu" else "vif",
    )


def _given(**members: Any) -> dict[str, Any]:
    return {key: value for key, value in members.items() if value}
