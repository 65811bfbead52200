"""xend: argv, settings, all parts built once, serving."""
