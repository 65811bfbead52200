"""xm network: the commands on networks of the host, one file per noun."""
