"""The formats of files that are kept, of which readers take the parts that they need."""

from __future__ import annotations

from typing import Final

from vxdata.server.formats.arrow_file import write_arrow_file
from vxdata.server.formats.known import FORMATS, NONE, Format

_STREAMED: Final = {form.name: form for form in FORMATS}

FILE_FORMATS: Final = {
    form.name: form
    for form in (
        _STREAMED["parquet"],
        Format("arrow", "application/vnd.apache.arrow.file", ".arrow", write_arrow_file, (NONE,)),
        _STREAMED["csv"],
        _STREAMED["ndjson"],
    )
}
"""Name, which ends an address -> format. Each has one codec, its first.

Arrow files are not compressed, so that readers without codecs, such as JavaScript's, can read them.
"""
