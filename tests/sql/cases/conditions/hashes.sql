-- title: a shard by a value that may be null
{"version": 2, "relation": "volume", "where": {"op": "in_shard", "field": "patient_id", "index": 1, "count": 3}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  MD5(COALESCE("volume"."patient_id", "volume"."identifier")) COLLATE "C" >= '55555555555555555555555555555555'
  AND MD5(COALESCE("volume"."patient_id", "volume"."identifier")) COLLATE "C" < 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';
-- duckdb:
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  MD5(COALESCE("volume"."patient_id", "volume"."identifier")) >= '55555555555555555555555555555555'
  AND MD5(COALESCE("volume"."patient_id", "volume"."identifier")) < 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';

-- title: the first shard, by identifier
{"version": 2, "relation": "volume", "where": {"op": "in_shard", "field": "identifier", "index": 0, "count": 3}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  MD5("volume"."identifier") COLLATE "C" < '55555555555555555555555555555555';
-- duckdb:
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  MD5("volume"."identifier") < '55555555555555555555555555555555';

-- title: the last shard of whole numbers, below a negation
{"version": 2, "relation": "volume", "where": {"op": "not", "term": {"op": "in_shard", "field": "series_number", "index": 1, "count": 2}}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  NOT (
    MD5(COALESCE(CAST("volume"."series_number" AS TEXT), "volume"."identifier")) COLLATE "C" >= '80000000000000000000000000000000'
  );
-- duckdb:
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  NOT (
    MD5(COALESCE(CAST("volume"."series_number" AS TEXT), "volume"."identifier")) >= '80000000000000000000000000000000'
  );

-- title: the only shard
{"version": 2, "relation": "volume", "where": {"op": "in_shard", "field": "identifier", "index": 0, "count": 1}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  TRUE;
-- duckdb: the same

-- title: a sample
{"version": 2, "relation": "volume", "where": {"op": "in_sample", "field": "patient_id", "fraction": 0.1, "seed": 7}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  MD5('7:' || COALESCE("volume"."patient_id", "volume"."identifier")) COLLATE "C" < '1999999999999a000000000000000000';
-- duckdb:
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  MD5('7:' || COALESCE("volume"."patient_id", "volume"."identifier")) < '1999999999999a000000000000000000';
