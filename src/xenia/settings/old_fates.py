"""Settings of xend of old that have nothing to become here, each with the reason."""

from __future__ import annotations

from xenia.model.old_config import Fate

_SOCKET = "xm and programs use the unix socket run/xenia/xend.sock"
_NEVER = (Fate.REFUSED, f"never opened: it took commands in plain text from whoever reached it; {_SOCKET}")
_PLAIN = (
    Fate.REFUSED,
    "never opened: port 8002 took any guest from whoever reached it, in plain text; relocation.server is for migration "
    "that is encrypted",
)
_OF_A_DOOR = (Fate.NONE, "of a door that is never opened")
_KEYS = (Fate.NONE, "migration will use keys of its own")
_FOLDER = (Fate.NONE, "xend keeps its state in var/lib/xenia below its root")
_VNC_TLS = (Fate.NONE, "with vnc_tls VNC has the certificate of xenia-web; viewers show none")
_LOCKS = (Fate.NONE, "images are locked while a guest writes to them; locks of a cluster are not there yet")
_LABELS = (Fate.NONE, "there are no security labels; roots says what guests may use")

FATES = {
    "logfile": (Fate.NONE, "the log is var/log/xenia/xend.log below xend's root"),
    "xsm_module_name": _LABELS,
    "resource-label-change-script": _LABELS,
    "xend-security-path": _LABELS,
    "xen-api-server": (Fate.NONE, f"the Xen-API of xend is not offered; {_SOCKET}"),
    "xend-http-server": _NEVER,
    "xend-tcp-xmlrpc-server": _NEVER,
    "xend-unix-server": (Fate.NONE, _SOCKET),
    "xend-unix-xmlrpc-server": (Fate.NONE, f"the XML-RPC of xend is not offered; {_SOCKET}"),
    "xend-unix-path": (Fate.NONE, _SOCKET),
    "xend-udev-event-server": (Fate.NONE, "nothing has to be told of devices"),
    "xend-address": _OF_A_DOOR,
    "xend-port": _OF_A_DOOR,
    "xend-tcp-xmlrpc-server-address": _OF_A_DOOR,
    "xend-tcp-xmlrpc-server-port": _OF_A_DOOR,
    "xend-tcp-xmlrpc-server-ssl-key-file": _OF_A_DOOR,
    "xend-tcp-xmlrpc-server-ssl-cert-file": _OF_A_DOOR,
    "xend-relocation-server": _PLAIN,
    "xend-relocation-port": _OF_A_DOOR,
    "xend-relocation-ssl": (Fate.NONE, "migration will always be encrypted"),
    "xend-relocation-server-ssl-key-file": _KEYS,
    "xend-relocation-server-ssl-cert-file": _KEYS,
    "xend-domains-path": (
        Fate.NONE,
        "domains are defined by guest files in etc/xen; those that xend of old managed (config.sxp) are not read: "
        "xm new FILE defines them",
    ),
    "xend-state-path": _FOLDER,
    "xend-storage-path": (Fate.NONE, "there is no storage of xend's own: images lie in var/lib/xen"),
    "console-limit": (Fate.NONE, "the log of a console is bounded by xend itself"),
    "total_available_memory": (Fate.NONE, "the hypervisor is asked what memory there is"),
    "dom0-cpus": (Fate.NONE, "a parameter of Xen's at boot: dom0_max_vcpus in /etc/default/grub.d/xen.cfg"),
    "enable-dump": (Fate.NONE, "each guest file says so for itself: on_crash = 'coredump-restart'"),
    "external-migration-tool": (Fate.NONE, "there are no virtual TPMs that migrate"),
    "vnc-x509-cert-dir": _VNC_TLS,
    "vnc-x509-verify": _VNC_TLS,
    "keymap": (Fate.NONE, "each guest file says so for itself: keymap = 'de'"),
    "qemu-dm-logrotate-count": (Fate.NONE, "xend bounds its logs itself"),
    "device-create-timeout": (Fate.NONE, "devices are made by xend itself"),
    "device-destroy-timeout": (Fate.NONE, "a guest has ten seconds to let go of a device"),
    "pci-passthrough-strict-check": (Fate.NONE, "always strict"),
    "pci-dev-assign-strict-check": (Fate.NONE, "always strict"),
    "pscsi-device-mask": (Fate.NONE, "SCSI devices of the host are not passed on"),
    "xend-domain-lock": _LOCKS,
    "xend-domain-lock-path": _LOCKS,
    "xend-domain-lock-utility": _LOCKS,
    "xend-domain-lock-device": _LOCKS,
}
"""By name: what becomes of it, and why."""
