"""What is written down of all parts together: pages that are made from their tables."""
