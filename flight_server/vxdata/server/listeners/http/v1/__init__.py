"""VxData's own data over HTTP, below `/v1`: the same plans, services and errors as over Flight."""
