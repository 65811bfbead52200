"""xm disk: images."""
