-- title: a number that is kept, or else counted
{"version": 2, "relation": "volume", "group_by": [], "aggregates": [{"function": "count", "name": "rows"}]};
SELECT
  COALESCE(
    VXDATA_UNRESOLVED.COUNT('volume'),
    (
      SELECT
        COUNT(*)
      FROM "vxdata_unresolved"."volume" AS "volume"
    )
  ) AS "rows";
-- duckdb: none, because the number of all resources is kept

-- title: a value that is never null is there as often
{"version": 2, "relation": "volume", "group_by": [], "aggregates": [{"function": "count", "field": "identifier", "name": "rows"}]};
SELECT
  COALESCE(
    VXDATA_UNRESOLVED.COUNT('volume'),
    (
      SELECT
        COUNT(*)
      FROM "vxdata_unresolved"."volume" AS "volume"
    )
  ) AS "rows";
-- duckdb: none, because the number of all resources is kept

-- title: a condition is counted
{"version": 2, "relation": "volume", "where": {"op": "is_null", "field": "b_value"}, "group_by": [], "aggregates": [{"function": "count", "name": "rows"}]};
SELECT
  COUNT(*) AS "rows"
FROM "vxdata_unresolved"."volume" AS "volume";
-- duckdb: the same

-- title: values that may be null are counted
{"version": 2, "relation": "volume", "group_by": [], "aggregates": [{"function": "count", "field": "b_value", "name": "rows"}]};
SELECT
  COUNT("volume"."b_value") AS "rows"
FROM "vxdata_unresolved"."volume" AS "volume";
-- duckdb: the same

-- title: groups are counted
{"version": 2, "relation": "volume", "group_by": ["volume_type"], "aggregates": [{"function": "count", "name": "rows"}]};
SELECT
  "volume"."volume_type",
  COUNT(*) AS "rows"
FROM "vxdata_unresolved"."volume" AS "volume"
GROUP BY
  "volume"."volume_type";
-- duckdb: the same

-- title: versions are counted
{"version": 2, "relation": "volume", "history": true, "group_by": [], "aggregates": [{"function": "count", "name": "rows"}]};
SELECT
  COUNT(*) AS "rows"
FROM "vxdata_unresolved"."volume:version" AS "volume";
-- duckdb: the same

-- title: commits are counted
{"version": 2, "relation": "commit", "group_by": [], "aggregates": [{"function": "count", "name": "rows"}]};
SELECT
  COUNT(*) AS "rows"
FROM "vxdata_unresolved"."commit" AS "commit";
-- duckdb: the same

-- title: where resources are hidden, the others are counted
-- grants: {"read": ["datasource/a"]}
{"version": 2, "relation": "volume", "group_by": [], "aggregates": [{"function": "count", "name": "n"}]};
SELECT
  COUNT(*) AS "n"
FROM "vxdata_unresolved"."volume" AS "volume";
-- duckdb: the same
