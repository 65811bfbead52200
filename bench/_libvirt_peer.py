"""Run by the system's own Python, which has libvirt's binding: does what each line says and prints its seconds."""

from __future__ import annotations

import sys
import time

import libvirt

XML = """
<domain type="qemu">
  <name>peer{number}</name> <memory unit="MiB">32</memory> <vcpu>1</vcpu>
  <os><type arch="x86_64" machine="pc">hvm</type></os>
  <devices>
    <interface type="user"><model type="rtl8139"/></interface>
    <serial type="null"/>
    <video><model type="cirrus"/></video>{disk}
  </devices>
</domain>
"""

DISK = """
    <disk type="file" device="disk">
      <driver name="qemu" type="raw"/> <source file="{image}"/> <target dev="vda" bus="virtio"/>
    </disk>"""


def connect() -> libvirt.virConnect:
    """libvirtd may just be starting."""
    libvirt.registerErrorHandler(lambda _context, _error: None, None)
    deadline = time.monotonic() + 30
    while True:
        try:
            return libvirt.open("qemu:///system")
        except libvirt.libvirtError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def main() -> None:
    connection = connect()
    domains: list[libvirt.virDomain] = []
    for line in sys.stdin:
        begun = time.perf_counter()
        what, _, image = line.strip().partition(" ")
        if what == "create":
            xml = XML.format(number=len(domains), disk=DISK.format(image=image) if image else "")
            domains.append(connection.createXML(xml, libvirt.VIR_DOMAIN_START_PAUSED))
        elif what == "stats":
            assert len(connection.getAllDomainStats()) == len(domains)
        else:
            domains.pop().destroy()
        print(time.perf_counter() - begun, flush=True)


if __name__ == "__main__":
    main()
