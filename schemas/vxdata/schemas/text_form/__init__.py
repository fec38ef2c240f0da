"""The text form of plans: queries as Python writes them, read without being run."""

from vxdata.schemas.text_form.code import as_curl, as_sdk_code, as_vxp_client_code
from vxdata.schemas.text_form.read import read_filter, read_query
from vxdata.schemas.text_form.write import write_filter, write_query

__all__ = [
    "as_curl",
    "as_sdk_code",
    "as_vxp_client_code",
    "read_filter",
    "read_query",
    "write_filter",
    "write_query",
]
