-- title: the first of each group, in an order
{"version": 2, "relation": "volume", "first_per": {"fields": ["patient_id", "volume_type"], "order_by": [{"field": "slice_thickness", "descending": true}]}};
SELECT
  "volume"."identifier"
FROM (
  SELECT
    "volume"."identifier",
    ROW_NUMBER() OVER (
      PARTITION BY "volume"."patient_id", "volume"."volume_type"
      ORDER BY "volume"."slice_thickness" DESC NULLS LAST, "volume"."identifier" ASC
    ) AS "place in group"
  FROM "vxdata_unresolved"."volume" AS "volume"
) AS "volume"
WHERE
  "volume"."place in group" = 1;
-- duckdb:
SELECT
  "volume"."identifier"
FROM (
  SELECT
    "volume"."identifier",
    ROW_NUMBER() OVER (
      PARTITION BY "volume"."patient_id", "volume"."volume_type"
      ORDER BY "volume"."slice_thickness" + 0.0 DESC, "volume"."identifier" ASC
    ) AS "place in group"
  FROM "vxdata_unresolved"."volume" AS "volume"
) AS "volume"
WHERE
  "volume"."place in group" = 1;

-- title: the first of each group, by identifier
{"version": 2, "relation": "volume", "first_per": {"fields": ["patient_id"]}};
SELECT
  "volume"."identifier"
FROM (
  SELECT
    "volume"."identifier",
    ROW_NUMBER() OVER (PARTITION BY "volume"."patient_id" ORDER BY "volume"."identifier" ASC) AS "place in group"
  FROM "vxdata_unresolved"."volume" AS "volume"
) AS "volume"
WHERE
  "volume"."place in group" = 1;
-- duckdb: the same

-- title: all rows
{"version": 2, "relation": "volume"};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume";
-- duckdb: the same
