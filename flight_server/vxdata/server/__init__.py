"""The Arrow Flight data server, its HTTP health listener, the embedded stack and the command line."""
