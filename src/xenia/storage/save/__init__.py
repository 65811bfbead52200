"""Files that hold a saved domain: written, checked and read."""
