"""Where the index comes from: the package `idc-index-data`, or the extract that ships with VxData."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from vxdata.schemas.errors import InvalidRequest
from vxdata.schemas.errors.messages import did_you_mean
from vxdata.schemas.installation import install_command

if TYPE_CHECKING:
    from collections.abc import Sequence


class IndexMissing(InvalidRequest):
    """The package that holds the whole index is not installed."""


@dataclass(frozen=True)
class Index:
    """The series of Imaging Data Commons, and what is known of their collections.

    Args:
        series: One row a DICOM series, with the columns of `idc_index`.
        collections: One row a collection, with the columns of `collections_index`.
    """

    series: pl.DataFrame
    collections: pl.DataFrame

    def only(self, collection_ids: Sequence[str]) -> Index:
        """Keep some collections.

        Args:
            collection_ids: Which; all if empty.

        Returns:
            The narrower index.

        Raises:
            InvalidRequest: A collection is not in the index.
        """
        if not collection_ids:
            return self
        known = self.series["collection_id"].unique().to_list()
        unknown = [name for name in collection_ids if name not in known]
        if unknown:
            msg = f"The index has no collection {', '.join(unknown)}. {did_you_mean(unknown[0], known)}"
            raise InvalidRequest(msg, collections=unknown)
        wanted = pl.col("collection_id").is_in(list(collection_ids))
        return Index(self.series.filter(wanted), self.collections.filter(wanted))


def read_extract() -> Index:
    """Read the extract that ships with VxData: 944 series of four prostate collections.

    Returns:
        The small index; its licences and citations stand beside it in ATTRIBUTION.md.
    """
    return _read(Path(str(files("vxdata.cli.idc") / "data")))


def read_index() -> Index:
    """Read the whole index from the installed package `idc-index-data`.

    Returns:
        About a million series.

    Raises:
        IndexMissing: The package is not installed.
    """
    spec = find_spec("idc_index_data")
    if spec is None or not spec.submodule_search_locations:
        msg = f"The index of Imaging Data Commons is not installed: {install_command('server', 'idc')}"
        raise IndexMissing(msg)
    return _read(Path(spec.submodule_search_locations[0]))


def _read(folder: Path) -> Index:
    return Index(
        series=pl.read_parquet(folder / "idc_index.parquet"),
        collections=pl.read_parquet(folder / "collections_index.parquet"),
    )
