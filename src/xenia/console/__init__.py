"""Text consoles: one reader per guest console, many watchers."""
