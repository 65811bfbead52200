"""How programs on this host speak to xend: HTTP and WebSocket over its unix socket."""
