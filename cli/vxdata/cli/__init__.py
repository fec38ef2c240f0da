"""The `vxdata` command: runs the server, and uses it through the SDK."""
