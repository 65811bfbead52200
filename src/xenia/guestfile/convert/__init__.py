"""A configuration as another tool writes it, and what is lost on the way."""
