"""What xend asks the issuer of OpenID Connect, in a process of its own: an issuer's answers are a stranger's bytes."""
