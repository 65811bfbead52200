"""Images as things of their own: found, looked at, made, changed and removed."""
