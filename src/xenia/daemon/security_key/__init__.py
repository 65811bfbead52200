"""What security keys answer, read in a process of its own: it is a stranger's bytes."""
