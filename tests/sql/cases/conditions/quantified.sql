-- title: above any
{"version": 2, "relation": "volume", "where": {"op": "any", "field": "slice_thickness", "comparison": ">", "query": {"relation": "volume", "select": "slice_thickness", "where": {"op": "==", "field": "volume_type", "value": "T1"}}}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  "volume"."slice_thickness" > (
    SELECT
      MIN("volume"."slice_thickness")
    FROM "vxdata_unresolved"."volume" AS "volume"
    WHERE
      "volume"."volume_type" = 'T1'
  );
-- duckdb: the same

-- title: below all: true where there is none
{"version": 2, "relation": "volume", "where": {"op": "all", "field": "slice_thickness", "comparison": "<", "query": {"relation": "volume", "select": "slice_thickness", "where": {"op": "==", "field": "volume_type", "value": "T2"}}}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  COALESCE(
    "volume"."slice_thickness" < (
      SELECT
        MIN("volume"."slice_thickness")
      FROM "vxdata_unresolved"."volume" AS "volume"
      WHERE
        "volume"."volume_type" = 'T2'
    ),
    NULLIF(NOT "volume"."slice_thickness" IS NULL, FALSE)
  );
-- duckdb: the same

-- title: below any, at least all
{"version": 2, "relation": "volume", "where": {"op": "and", "terms": [{"op": "any", "field": "series_number", "comparison": "<=", "query": {"relation": "volume", "select": "series_number"}}, {"op": "all", "field": "series_number", "comparison": ">=", "query": {"relation": "volume", "select": "series_number"}}]}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  "volume"."series_number" <= (
    SELECT
      MAX("volume"."series_number")
    FROM "vxdata_unresolved"."volume" AS "volume"
  )
  AND COALESCE(
    "volume"."series_number" >= (
      SELECT
        MAX("volume"."series_number")
      FROM "vxdata_unresolved"."volume" AS "volume"
    ),
    NULLIF(NOT "volume"."series_number" IS NULL, FALSE)
  );
-- duckdb: the same

-- title: not above any
{"version": 2, "relation": "volume", "where": {"op": "not", "term": {"op": "any", "field": "slice_thickness", "comparison": ">", "query": {"relation": "volume", "select": "slice_thickness"}}}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  NOT (
    COALESCE(
      "volume"."slice_thickness" > (
        SELECT
          MIN("volume"."slice_thickness")
        FROM "vxdata_unresolved"."volume" AS "volume"
      ),
      NULLIF("volume"."slice_thickness" IS NULL, TRUE)
    )
  );
-- duckdb: the same

-- title: above all of a part
{"version": 2, "relation": "volume", "where": {"op": "all", "field": "slice_thickness", "comparison": ">", "query": {"relation": "volume", "select": "slice_thickness", "limit": 2}}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  COALESCE(
    "volume"."slice_thickness" > (
      SELECT
        MAX("found"."value")
      FROM (
        SELECT
          "volume"."slice_thickness" AS "value"
        FROM "vxdata_unresolved"."volume" AS "volume"
        ORDER BY
          "volume"."identifier" ASC
        LIMIT 2
      ) AS found
    ),
    NULLIF(NOT "volume"."slice_thickness" IS NULL, FALSE)
  );
-- duckdb: the same
