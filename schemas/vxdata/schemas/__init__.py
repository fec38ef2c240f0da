"""The contract: payload types, identifiers, query plans and errors that both sides share."""
