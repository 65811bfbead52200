"""Snapshots: made, gone back to, and merged away again."""
