"""The listeners: each reads requests of its protocol, asks the services, and writes their responses."""
