-- title: groups of the first rows, which fulfil a condition
{"version": 2, "relation": "volume", "where": {"op": "==", "field": "image_plane", "value": "transversal"}, "first_per": {"fields": ["patient_id"], "order_by": [{"field": "acquisition_datetime"}]}, "group_by": ["volume_type"], "aggregates": [{"function": "count", "name": "n"}], "order_by": [{"field": "n"}], "limit": 3};
SELECT
  "volume"."volume_type",
  COUNT(*) AS "n"
FROM (
  SELECT
    "volume"."volume_type",
    ROW_NUMBER() OVER (
      PARTITION BY "volume"."patient_id"
      ORDER BY "volume"."acquisition_datetime" ASC, "volume"."identifier" ASC
    ) AS "place in group"
  FROM (
    SELECT
      "identifier",
      "patient_id",
      "volume_type",
      "acquisition_datetime",
      "image_plane"
    FROM "vxdata"."volume"
    WHERE
      NOT "tombstone"
  ) AS "volume"
  WHERE
    "volume"."image_plane" = 'transversal'
) AS "volume"
WHERE
  "volume"."place in group" = 1
GROUP BY
  "volume"."volume_type"
ORDER BY
  "n" ASC,
  "volume_type" ASC
LIMIT 3;
-- duckdb: the same

-- title: an order by a column that is not returned
{"version": 2, "relation": "volume", "first_per": {"fields": ["patient_id"]}, "select": ["identifier"], "order_by": [{"field": "b_value"}], "offset": 2};
SELECT
  "volume"."identifier"
FROM (
  SELECT
    "volume"."identifier",
    "volume"."b_value",
    ROW_NUMBER() OVER (PARTITION BY "volume"."patient_id" ORDER BY "volume"."identifier" ASC) AS "place in group"
  FROM (
    SELECT
      "identifier",
      "patient_id",
      "b_value"
    FROM "vxdata"."volume"
    WHERE
      NOT "tombstone"
  ) AS "volume"
) AS "volume"
WHERE
  "volume"."place in group" = 1
ORDER BY
  "volume"."b_value" ASC,
  "volume"."identifier" ASC
OFFSET 2;
-- duckdb:
SELECT
  "volume"."identifier"
FROM (
  SELECT
    "volume"."identifier",
    "volume"."b_value",
    ROW_NUMBER() OVER (PARTITION BY "volume"."patient_id" ORDER BY "volume"."identifier" ASC) AS "place in group"
  FROM (
    SELECT
      "identifier",
      "patient_id",
      VXDATA.FROM_STORE("b_value") AS "b_value"
    FROM "vxdata"."volume"
    WHERE
      NOT "tombstone"
  ) AS "volume"
) AS "volume"
WHERE
  "volume"."place in group" = 1
ORDER BY
  "volume"."b_value" + 0.0 ASC,
  "volume"."identifier" ASC
OFFSET 2;
