"""Guests that exist in memory only: for speed, scale and fault injection, never as a proof that a real engine works."""
