"""Programs for developers of VxData: code generation and the checks behind `make check`."""
