"""The small guest on a bare QEMU, without xend: what it answers and how it ends."""

import os
import select
import socket
import subprocess
import time

import pytest

from xenia.images import demo

pytestmark = pytest.mark.qemu

SECONDS = 90


class Machine:
    """A QEMU with the guest's first serial line on its standard input and output, and a monitor."""

    def __init__(self, guest, folder):
        self.monitor = folder / "monitor"
        self.seen = b""
        options = {
            "machine": "q35", "accel": "tcg", "cpu": "max", "m": "128", "display": "none",
            "kernel": guest.kernel, "initrd": guest.ramdisk, "append": f"console=ttyS0 xenia.guest={guest.name}",
            "serial": "stdio", "monitor": f"unix:{self.monitor},server=on,wait=off",
            "drive": f"file={guest.disk},if=virtio", "nic": "user,model=virtio-net-pci",
            "action": "panic=exit-failure,reboot=shutdown",
        }  # fmt: skip
        words = [word for name, value in options.items() for word in (f"-{name}", str(value))]
        self.process = subprocess.Popen(
            ["qemu-system-x86_64", "-no-user-config", "-nodefaults", *words, "-device", "pvpanic"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )

    def expect(self, text):
        """Read until the guest has said `text`."""
        end = time.monotonic() + SECONDS
        while text.encode() not in self.seen:
            left = end - time.monotonic()
            ready, _, _ = select.select([self.process.stdout], [], [], max(left, 0))
            chunk = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            assert chunk, f"{text!r} was not seen in: {self.seen.decode(errors='replace')[-3000:]}"
            self.seen += chunk
        self.seen = self.seen.partition(text.encode())[2]

    def type(self, line):
        self.process.stdin.write(line.encode() + b"\n")

    def press_power_button(self):
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.connect(str(self.monitor))
            said = monitor.makefile("rb")
            monitor.sendall(b"system_powerdown\ninfo version\n")
            while b"info version" not in said.readline():  # echoed once the line before it is done
                pass

    def end(self):
        """Wait until QEMU has ended; its exit code."""
        with self.process:
            return self.process.wait(SECONDS)


@pytest.fixture
def machine(tmp_path):
    running = Machine(demo.make(tmp_path, name="small"), tmp_path)
    yield running
    running.process.kill()
    running.end()


def test_it_answers_commands_and_powers_itself_off(machine):
    machine.expect("xenia: guest small is up")
    machine.expect("# ")
    machine.type("dmesg -n 1")  # or the kernel speaks in between: of its card, which comes up meanwhile
    machine.type("until grep -q nameserver /etc/resolv.conf 2>/dev/null; do sleep 0.2; done; hostname; echo $((6 * 7))")
    machine.expect("small\r\n42\r\n")
    machine.type("ip -o addr show eth0; ls /sys/block; tty")
    machine.expect("inet 10.0.2.15/24")
    machine.expect("vda")
    machine.expect("/dev/ttyS0")
    machine.type("exit")
    machine.expect("xenia: guest small is up")
    machine.type("poweroff")
    machine.expect("reboot: Power down")
    assert machine.end() == 0


def test_the_power_button_ends_it(machine):
    machine.expect("xenia: guest small is up")
    machine.press_power_button()
    machine.expect("reboot: Power down")
    assert machine.end() == 0


def test_it_reboots(machine):
    machine.expect("# ")
    machine.type("reboot -f")
    machine.expect("reboot: Restarting system")
    assert machine.end() == 0


def test_a_crash_is_told_to_the_host(machine):
    machine.expect("# ")
    machine.type("echo c > /proc/sysrq-trigger")
    assert machine.end() == 1
