-- title: no order
{"version": 2, "relation": "volume"};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume";
-- duckdb: the same

-- title: a limited query is in identifier order, so that it can be repeated
{"version": 2, "relation": "volume", "limit": 2};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
ORDER BY
  "volume"."identifier" ASC;
-- duckdb: the same

-- title: ties are broken by identifier; nulls come last
{"version": 2, "relation": "volume", "order_by": [{"field": "b_value"}, {"field": "series_number", "descending": true}]};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
ORDER BY
  "volume"."b_value" ASC,
  "volume"."series_number" DESC NULLS LAST,
  "volume"."identifier" ASC;
-- duckdb:
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
ORDER BY
  "volume"."b_value" + 0.0 ASC,
  "volume"."series_number" DESC,
  "volume"."identifier" ASC;

-- title: nulls first
{"version": 2, "relation": "volume", "order_by": [{"field": "b_value", "nulls_first": true}, {"field": "series_number", "descending": true, "nulls_first": true}]};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
ORDER BY
  "volume"."b_value" ASC NULLS FIRST,
  "volume"."series_number" DESC,
  "volume"."identifier" ASC;
-- duckdb:
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
ORDER BY
  "volume"."b_value" + 0.0 ASC NULLS FIRST,
  "volume"."series_number" DESC NULLS FIRST,
  "volume"."identifier" ASC;

-- title: identifiers backwards, as an index can be read
{"version": 2, "relation": "volume", "order_by": [{"field": "identifier", "descending": true}]};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
ORDER BY
  "volume"."identifier" DESC;
-- duckdb:
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
ORDER BY
  "volume"."identifier" DESC NULLS FIRST;

-- title: an entry of a mapping
{"version": 2, "relation": "benchmarking", "order_by": [{"field": "summary_metrics", "key": "auc", "descending": true}]};
SELECT
  "benchmarking"."identifier"
FROM "vxdata_unresolved"."benchmarking" AS "benchmarking"
ORDER BY
  CAST(JSONB_EXTRACT_PATH_TEXT("benchmarking"."summary_metrics", 'auc') AS DOUBLE PRECISION) DESC NULLS LAST,
  "benchmarking"."identifier" ASC;
-- duckdb:
SELECT
  "benchmarking"."identifier"
FROM "vxdata_unresolved"."benchmarking" AS "benchmarking"
ORDER BY
  VXDATA.FROM_STORE(MAP_EXTRACT_VALUE("benchmarking"."summary_metrics", 'auc')) + 0.0 DESC,
  "benchmarking"."identifier" ASC;

-- title: versions have a key of two
{"version": 2, "relation": "volume", "history": true, "limit": 1};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume:version" AS "volume"
ORDER BY
  "volume"."identifier" ASC,
  "volume"."version" ASC;
-- duckdb: the same

-- title: groups in the order of an aggregate, then of their keys
{"version": 2, "relation": "volume", "group_by": ["volume_type"], "aggregates": [{"function": "count", "name": "n"}], "order_by": [{"field": "n", "descending": true}]};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
ORDER BY
  "n" DESC,
  "volume_type" ASC;
-- duckdb:
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
ORDER BY
  "n" DESC NULLS FIRST,
  "volume_type" ASC;

-- title: distinct rows in an order of their own
{"version": 2, "relation": "volume", "select": ["volume_type", "image_plane"], "distinct": true, "limit": 3};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
ORDER BY
  "volume_type" ASC,
  "image_plane" ASC;
-- duckdb: the same

-- title: by the hash of a value, as if by chance
{"version": 2, "relation": "volume", "order_by": [{"field": "series_number", "seed": 7}, {"field": "identifier", "seed": 0}]};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
ORDER BY
  MD5('7:' || CAST("volume"."series_number" AS TEXT)) COLLATE "C" ASC,
  MD5('0:' || "volume"."identifier") COLLATE "C" ASC,
  "volume"."identifier" ASC;
-- duckdb:
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
ORDER BY
  MD5('7:' || CAST("volume"."series_number" AS TEXT)) ASC,
  MD5('0:' || "volume"."identifier") ASC,
  "volume"."identifier" ASC;
