-- title: no predicate
{"version": 2, "relation": "volume"};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume";
-- duckdb: the same

-- title: a predicate is a WHERE clause
{"version": 2, "relation": "volume", "where": {"op": "is_in", "field": "volume_type", "values": ["T2", "ADC"]}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  "volume"."volume_type" IN ('T2', 'ADC');
-- duckdb: the same
