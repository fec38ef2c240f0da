"""A database of the shape of NCI's Cancer Data Aggregator, made up: any size, the same for the same seed.

`schema` declares the tables, `generate` fills them as Polars frames, and `load` puts them into PostgreSQL.
Nothing in it is real but the names of columns and of some diseases.
"""

from vxdata.cli.cda.generate import generate
from vxdata.cli.cda.load import load
from vxdata.cli.cda.schema import TABLES

__all__ = ["TABLES", "generate", "load"]
