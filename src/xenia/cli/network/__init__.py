"""xm network: the networks that guests are put on."""
