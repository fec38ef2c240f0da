"""The network: a small protocol, and its implementations over Arrow Flight and in memory."""
