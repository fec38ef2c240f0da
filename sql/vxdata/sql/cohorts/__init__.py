"""SQL of cohorts: bound cohorts, summaries and questions for values become SELECT statements of PostgreSQL."""

from vxdata.sql.cohorts.arrow_page import page_as_arrow
from vxdata.sql.cohorts.json_page import JsonPage, page_as_json
from vxdata.sql.cohorts.preselect import count
from vxdata.sql.cohorts.summary import summary_as_json
from vxdata.sql.cohorts.values import values_as_json

__all__ = [
    "JsonPage",
    "count",
    "page_as_arrow",
    "page_as_json",
    "summary_as_json",
    "values_as_json",
]
