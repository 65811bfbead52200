"""What xend and xenia-web agree on."""

from __future__ import annotations

SOCKET = "web.sock"
"""The name of the socket that xend has for xenia-web, by which it knows what comes through it."""

ADDRESS_HEADER = "x-xenia-address"
"""The header in which xenia-web says where a visitor comes from."""

TICKET = "xenia.ticket."
"""What a WebSocket's subprotocol begins with that is a ticket."""

BODY_LIMIT = (1024 + 256) * 1024
"""Bytes of a request: a guest file of 1 MiB, and room for the JSON around it."""
