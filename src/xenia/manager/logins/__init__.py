"""Who comes over the network: logins with the passwords of this host, and tokens."""
