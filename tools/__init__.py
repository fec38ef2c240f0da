"""Programs for those who work on VxData: code generation and the checks behind `make check`."""
