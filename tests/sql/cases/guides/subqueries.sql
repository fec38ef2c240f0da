-- title: submitted sessions
{"version": 2, "relation": "annotationsession", "where": {"op": "and", "terms": [{"op": "==", "field": "source", "value": "manual-masks"}, {"op": "==", "field": "status", "value": "submitted"}]}, "select": ["identifier"]};
SELECT
  "annotationsession"."identifier"
FROM (
  SELECT
    "identifier",
    "source",
    "status"
  FROM "vxdata"."annotationsession"
  WHERE
    NOT "tombstone"
) AS "annotationsession"
WHERE
  "annotationsession"."source" = 'manual-masks'
  AND "annotationsession"."status" = 'submitted';
-- duckdb: the same

-- title: thicker than any T1 volume
{"version": 2, "relation": "volume", "where": {"op": "any", "field": "slice_thickness", "comparison": ">", "query": {"relation": "volume", "select": "slice_thickness", "where": {"op": "==", "field": "volume_type", "value": "T1"}}}, "select": ["identifier"]};
SELECT
  "volume"."identifier"
FROM (
  SELECT
    "identifier",
    "volume_type",
    "slice_thickness"
  FROM "vxdata"."volume"
  WHERE
    NOT "tombstone"
) AS "volume"
WHERE
  "volume"."slice_thickness" > (
    SELECT
      MIN("volume"."slice_thickness")
    FROM (
      SELECT
        "identifier",
        "volume_type",
        "slice_thickness"
      FROM "vxdata"."volume"
      WHERE
        NOT "tombstone"
    ) AS "volume"
    WHERE
      "volume"."volume_type" = 'T1'
  );
-- duckdb:
SELECT
  "volume"."identifier"
FROM (
  SELECT
    "identifier",
    "volume_type",
    VXDATA.FROM_STORE("slice_thickness") AS "slice_thickness"
  FROM "vxdata"."volume"
  WHERE
    NOT "tombstone"
) AS "volume"
WHERE
  "volume"."slice_thickness" > (
    SELECT
      MIN("volume"."slice_thickness")
    FROM (
      SELECT
        "identifier",
        "volume_type",
        VXDATA.FROM_STORE("slice_thickness") AS "slice_thickness"
      FROM "vxdata"."volume"
      WHERE
        NOT "tombstone"
    ) AS "volume"
    WHERE
      "volume"."volume_type" = 'T1'
  );

-- title: thinner than all T2 volumes
{"version": 2, "relation": "volume", "where": {"op": "all", "field": "slice_thickness", "comparison": "<", "query": {"relation": "volume", "select": "slice_thickness", "where": {"op": "==", "field": "volume_type", "value": "T2"}}}, "select": ["identifier"]};
SELECT
  "volume"."identifier"
FROM (
  SELECT
    "identifier",
    "volume_type",
    "slice_thickness"
  FROM "vxdata"."volume"
  WHERE
    NOT "tombstone"
) AS "volume"
WHERE
  COALESCE(
    "volume"."slice_thickness" < (
      SELECT
        MIN("volume"."slice_thickness")
      FROM (
        SELECT
          "identifier",
          "volume_type",
          "slice_thickness"
        FROM "vxdata"."volume"
        WHERE
          NOT "tombstone"
      ) AS "volume"
      WHERE
        "volume"."volume_type" = 'T2'
    ),
    NULLIF(NOT "volume"."slice_thickness" IS NULL, FALSE)
  );
-- duckdb:
SELECT
  "volume"."identifier"
FROM (
  SELECT
    "identifier",
    "volume_type",
    VXDATA.FROM_STORE("slice_thickness") AS "slice_thickness"
  FROM "vxdata"."volume"
  WHERE
    NOT "tombstone"
) AS "volume"
WHERE
  COALESCE(
    "volume"."slice_thickness" < (
      SELECT
        MIN("volume"."slice_thickness")
      FROM (
        SELECT
          "identifier",
          "volume_type",
          VXDATA.FROM_STORE("slice_thickness") AS "slice_thickness"
        FROM "vxdata"."volume"
        WHERE
          NOT "tombstone"
      ) AS "volume"
      WHERE
        "volume"."volume_type" = 'T2'
    ),
    NULLIF(NOT "volume"."slice_thickness" IS NULL, FALSE)
  );

-- title: scores by patient
{"version": 2, "relation": "piradsassessment", "where": {"op": "==", "field": "datasource_id", "value": "datasource/bamberg"}, "select": ["patient_id", "score"]};
SELECT
  "piradsassessment"."patient_id",
  "piradsassessment"."score"
FROM (
  SELECT
    "datasource_id",
    "patient_id",
    "score"
  FROM "vxdata"."piradsassessment"
  WHERE
    NOT "tombstone"
) AS "piradsassessment"
WHERE
  "piradsassessment"."datasource_id" = 'datasource/bamberg';
-- duckdb: the same
