"""What runs domains on a host: one folder an engine, all under the contract of `base`."""
