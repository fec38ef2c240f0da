-- title: who sees everything is told of a malformed expression by the first row
{"version": 2, "relation": "volume", "where": {"op": "matches", "field": "series_description", "text": "t2"}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume";
-- duckdb: the same

-- title: where rows are hidden, whether one is malformed does not depend on the rows
-- grants: {"read": ["datasource/a"]}
{"version": 2, "relation": "volume", "where": {"op": "matches", "field": "series_description", "text": "t2"}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  NOT VXDATA.MATCHES('', 't2') IS NULL;
-- duckdb:
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  NOT REGEXP_MATCHES('', 't2', 's') IS NULL;
