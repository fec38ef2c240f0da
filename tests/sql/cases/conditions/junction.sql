-- title: nesting keeps its meaning
{"version": 2, "relation": "volume", "where": {"op": "and", "terms": [{"op": "or", "terms": [{"op": "==", "field": "volume_type", "value": "T2"}, {"op": "and", "terms": [{"op": "==", "field": "volume_type", "value": "DWI"}, {"op": ">", "field": "b_value", "value": 1000}]}]}, {"op": "or", "terms": [{"op": "==", "field": "datasource_id", "value": "datasource/a"}]}]}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  (
    "volume"."volume_type" = 'T2'
    OR (
      "volume"."volume_type" = 'DWI'
      AND "volume"."b_value" > CAST('1000.0' AS DOUBLE PRECISION)
    )
  )
  AND "volume"."datasource_id" = 'datasource/a';
-- duckdb:
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  (
    "volume"."volume_type" = 'T2'
    OR (
      "volume"."volume_type" = 'DWI' AND "volume"."b_value" > CAST('1000.0' AS DOUBLE)
    )
  )
  AND "volume"."datasource_id" = 'datasource/a';

-- title: not
{"version": 2, "relation": "volume", "where": {"op": "not", "term": {"op": "and", "terms": [{"op": "==", "field": "volume_type", "value": "T2"}, {"op": "not", "term": {"op": "or", "terms": [{"op": ">", "field": "b_value", "value": 1}, {"op": "is_null", "field": "b_value"}]}}]}}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  NOT (
    "volume"."volume_type" = 'T2'
    AND NOT (
      "volume"."b_value" > CAST('1.0' AS DOUBLE PRECISION)
      OR "volume"."b_value" IS NULL
    )
  );
-- duckdb:
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  NOT (
    "volume"."volume_type" = 'T2'
    AND NOT (
      "volume"."b_value" > CAST('1.0' AS DOUBLE) OR "volume"."b_value" IS NULL
    )
  );
