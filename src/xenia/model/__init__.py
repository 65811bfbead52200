"""The words of Xenia as frozen dataclasses: no I/O, no behaviour beyond their own consistency."""
