"""xenia-web: the door to the network, a process without rights."""
