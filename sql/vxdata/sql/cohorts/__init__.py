"""SQL of cohorts: their pages, summaries and values as SELECT statements of PostgreSQL."""

from vxdata.sql.cohorts.arrow_page import page_as_arrow, portion_as_arrow
from vxdata.sql.cohorts.indexes import index_statements
from vxdata.sql.cohorts.json_page import JsonPage, page_as_json, portion_as_json
from vxdata.sql.cohorts.preselect import FEW, count, keys_of_page, portions
from vxdata.sql.cohorts.summary import summary_as_json
from vxdata.sql.cohorts.values import values_as_json

__all__ = [
    "FEW",
    "JsonPage",
    "count",
    "index_statements",
    "keys_of_page",
    "page_as_arrow",
    "page_as_json",
    "portion_as_arrow",
    "portion_as_json",
    "portions",
    "summary_as_json",
    "values_as_json",
]
