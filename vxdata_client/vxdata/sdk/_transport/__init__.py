"""The network, as one small protocol and its one implementation."""
