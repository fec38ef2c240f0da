"""The formats that there are, and what each of them is called."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from vxdata.server.formats.arrow_stream import write_arrow_stream
from vxdata.server.formats.csv import write_csv
from vxdata.server.formats.ndjson import write_ndjson
from vxdata.server.formats.parquet import write_parquet

NONE: Final = "none"
"""Codec of what is not compressed."""

Write = Callable[[pa.Schema, Iterable[pa.RecordBatch], str], Generator[bytes | memoryview]]
"""Takes a schema, batches and a codec, and yields the bytes of a file."""


@dataclass(frozen=True)
class Format:
    """A format of files.

    Args:
        name: Name in requests.
        media_type: Its media type.
        suffix: End of the names of its files.
        write: Writes record batches in it.
        codecs: How it can be compressed inside; the first one is the default.
    """

    name: str
    media_type: str
    suffix: str
    write: Write
    codecs: tuple[str, ...] = (NONE,)


FORMATS: Final = (
    Format(
        "arrow", "application/vnd.apache.arrow.stream", ".arrows", write_arrow_stream, (NONE, "lz4", "zstd")
    ),
    Format("parquet", "application/vnd.apache.parquet", ".parquet", write_parquet, ("zstd", "snappy", NONE)),
    Format("csv", "text/csv", ".csv", write_csv),
    Format("ndjson", "application/x-ndjson", ".ndjson", write_ndjson),
)
"""All formats; the first one is the default."""
