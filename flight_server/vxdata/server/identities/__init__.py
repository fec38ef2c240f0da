"""Identities: authenticators check credentials, and the gate checks that the role allows the operation."""
