"""What xend writes down: records and run state as files, history in SQLite."""
