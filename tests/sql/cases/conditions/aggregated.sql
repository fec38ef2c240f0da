-- title: the largest value
{"version": 2, "relation": "volume", "where": {"op": "max", "comparison": "==", "field": "version", "query": {"relation": "volume", "select": "version"}}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  "volume"."version" = (
    SELECT
      MAX("volume"."version")
    FROM "vxdata_unresolved"."volume" AS "volume"
  );
-- duckdb: the same

-- title: the mean of floats, of a part of the rows
{"version": 2, "relation": "volume", "where": {"op": "mean", "comparison": "<", "field": "slice_thickness", "query": {"relation": "volume", "select": "slice_thickness", "where": {"op": "==", "field": "volume_type", "value": "T2"}, "limit": 10}}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  "volume"."slice_thickness" < (
    SELECT
      VXDATA.QUOTIENT(
        VXDATA.NEAREST(
          SUM(VXDATA.FIRST_PART("found"."value")),
          SUM(VXDATA.SECOND_PART("found"."value")),
          SUM(VXDATA.THIRD_PART("found"."value")),
          SUM(VXDATA.REST("found"."value"))
        ),
        COUNT("found"."value")
      )
    FROM (
      SELECT
        "volume"."slice_thickness" AS "value"
      FROM "vxdata_unresolved"."volume" AS "volume"
      WHERE
        "volume"."volume_type" = 'T2'
      ORDER BY
        "volume"."identifier" ASC
      LIMIT 10
    ) AS found
  );
-- duckdb:
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  "volume"."slice_thickness" < (
    SELECT
      VXDATA.QUOTIENT(
        VXDATA.NEAREST(
          SUM(VXDATA.FIRST_PART("found"."value")),
          SUM(VXDATA.SECOND_PART("found"."value")),
          SUM(VXDATA.THIRD_PART("found"."value"))
        ),
        COUNT("found"."value")
      )
    FROM (
      SELECT
        "volume"."slice_thickness" AS "value"
      FROM "vxdata_unresolved"."volume" AS "volume"
      WHERE
        "volume"."volume_type" = 'T2'
      ORDER BY
        "volume"."identifier" ASC
      LIMIT 10
    ) AS found
  );

-- title: the number of values
{"version": 2, "relation": "datasource", "where": {"op": "not", "term": {"op": "count", "comparison": "<=", "field": "planned_patient_count", "query": {"relation": "patient", "select": "identifier"}}}};
SELECT
  "datasource"."identifier"
FROM "vxdata_unresolved"."datasource" AS "datasource"
WHERE
  NOT (
    "datasource"."planned_patient_count" <= (
      SELECT
        COUNT("patient"."identifier")
      FROM "vxdata_unresolved"."patient" AS "patient"
    )
  );
-- duckdb: the same
