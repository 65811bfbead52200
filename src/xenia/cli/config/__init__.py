"""xm config: the commands on guest files, one file per noun."""
