"""xm top."""
