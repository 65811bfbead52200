"""A card of the host under its bridge: how it gets there and how it comes back, with all that it has."""
