"""HTTP over the unix socket: one file per noun; identity by SO_PEERCRED; errors translated once."""
