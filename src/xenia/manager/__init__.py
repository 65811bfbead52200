"""The use cases on this host."""
