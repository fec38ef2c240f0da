"""The Arrow Flight data server, its HTTP health listener and the embedded stack."""
