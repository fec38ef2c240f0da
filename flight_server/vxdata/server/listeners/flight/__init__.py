"""The Flight listener; nothing else in the server imports pyarrow.flight."""
