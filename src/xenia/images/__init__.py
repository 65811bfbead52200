"""The small guest that ./run shows: its initramfs, its kernel, its disk and its guest file."""
