"""Written by `make generate`; import these models from `vxdata.schemas.create`, `.update` and `.response`."""
