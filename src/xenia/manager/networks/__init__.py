"""Networks that guests are put on."""
