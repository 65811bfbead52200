"""xm: one file per noun. A command's module is imported only when that command is used."""
