-- title: equal rows once
{"version": 2, "relation": "volume", "select": ["volume_type"], "distinct": true};
SELECT DISTINCT
  "volume"."volume_type"
FROM "vxdata_unresolved"."volume" AS "volume";
-- duckdb: the same

-- title: all rows
{"version": 2, "relation": "volume", "select": ["volume_type"]};
SELECT
  "volume"."volume_type"
FROM "vxdata_unresolved"."volume" AS "volume";
-- duckdb: the same
