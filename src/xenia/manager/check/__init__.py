"""Checks of a guest file beyond its language: against the engine, this host, and the other domains on it."""
