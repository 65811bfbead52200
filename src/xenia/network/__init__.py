"""The host's side of a domain's cards."""
