"""qemu-guest-agent: its protocol, and what is made of its answers."""
