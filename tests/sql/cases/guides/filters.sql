-- title: chained filters and a limit
{"version": 2, "relation": "volume", "where": {"op": "and", "terms": [{"op": "==", "field": "volume_type", "value": "T2"}, {"op": "==", "field": "image_plane", "value": "transversal"}]}, "limit": 100, "select": ["identifier"]};
SELECT
  "volume"."identifier"
FROM (
  SELECT
    "identifier",
    "volume_type",
    "image_plane"
  FROM "vxdata"."volume"
  WHERE
    NOT "tombstone"
) AS "volume"
WHERE
  "volume"."volume_type" = 'T2' AND "volume"."image_plane" = 'transversal'
ORDER BY
  "volume"."identifier" ASC
LIMIT 100;
-- duckdb: the same

-- title: specimens of an event
{"version": 2, "relation": "pathologyspecimen", "where": {"op": "==", "field": "type", "value": "RPE"}, "select": ["identifier"]};
SELECT
  "pathologyspecimen"."identifier"
FROM (
  SELECT
    "identifier",
    "type"
  FROM "vxdata"."pathologyspecimen"
  WHERE
    NOT "tombstone"
) AS "pathologyspecimen"
WHERE
  "pathologyspecimen"."type" = 'RPE';
-- duckdb: the same

-- title: comparison operators
{"version": 2, "relation": "volume", "where": {"op": "and", "terms": [{"op": "==", "field": "volume_type", "value": "T2"}, {"op": "!=", "field": "volume_type", "value": "T1"}, {"op": ">", "field": "slice_thickness", "value": 2.5}, {"op": ">=", "field": "slice_thickness", "value": 2.5}, {"op": "<", "field": "slice_thickness", "value": 5.0}, {"op": "<=", "field": "slice_thickness", "value": 5.0}]}, "select": ["identifier"]};
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
  "volume"."volume_type" = 'T2'
  AND "volume"."volume_type" <> 'T1'
  AND "volume"."slice_thickness" > CAST('2.5' AS DOUBLE PRECISION)
  AND "volume"."slice_thickness" >= CAST('2.5' AS DOUBLE PRECISION)
  AND "volume"."slice_thickness" < CAST('5.0' AS DOUBLE PRECISION)
  AND "volume"."slice_thickness" <= CAST('5.0' AS DOUBLE PRECISION);
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
  "volume"."volume_type" = 'T2'
  AND "volume"."volume_type" <> 'T1'
  AND "volume"."slice_thickness" > CAST('2.5' AS DOUBLE)
  AND "volume"."slice_thickness" >= CAST('2.5' AS DOUBLE)
  AND "volume"."slice_thickness" < CAST('5.0' AS DOUBLE)
  AND "volume"."slice_thickness" <= CAST('5.0' AS DOUBLE);

-- title: methods
{"version": 2, "relation": "volume", "where": {"op": "and", "terms": [{"op": "contains", "field": "series_description", "text": "T2"}, {"op": "startswith", "field": "patient_id", "text": "DA"}, {"op": "is_in", "field": "patient_id", "values": ["DA001", "DA002", "DA003"]}, {"op": ">=", "field": "slice_thickness", "value": 2.0}, {"op": "<=", "field": "slice_thickness", "value": 4.0}, {"op": ">", "field": "acquisition_datetime", "value": "2024-01-01"}, {"op": "<", "field": "acquisition_datetime", "value": "2025-01-01"}]}, "select": ["identifier"]};
SELECT
  "volume"."identifier"
FROM (
  SELECT
    "identifier",
    "patient_id",
    "series_description",
    "acquisition_datetime",
    "slice_thickness"
  FROM "vxdata"."volume"
  WHERE
    NOT "tombstone"
) AS "volume"
WHERE
  STRPOS("volume"."series_description", 'T2') > 0
  AND STARTS_WITH("volume"."patient_id", 'DA')
  AND "volume"."patient_id" IN ('DA001', 'DA002', 'DA003')
  AND "volume"."slice_thickness" >= CAST('2.0' AS DOUBLE PRECISION)
  AND "volume"."slice_thickness" <= CAST('4.0' AS DOUBLE PRECISION)
  AND "volume"."acquisition_datetime" > CAST('2024-01-01T00:00:00.000000+00:00' AS TIMESTAMPTZ)
  AND "volume"."acquisition_datetime" < CAST('2025-01-01T00:00:00.000000+00:00' AS TIMESTAMPTZ);
-- duckdb:
SELECT
  "volume"."identifier"
FROM (
  SELECT
    "identifier",
    "patient_id",
    "series_description",
    "acquisition_datetime",
    VXDATA.FROM_STORE("slice_thickness") AS "slice_thickness"
  FROM "vxdata"."volume"
  WHERE
    NOT "tombstone"
) AS "volume"
WHERE
  CONTAINS("volume"."series_description", 'T2')
  AND STARTS_WITH("volume"."patient_id", 'DA')
  AND "volume"."patient_id" IN ('DA001', 'DA002', 'DA003')
  AND "volume"."slice_thickness" >= CAST('2.0' AS DOUBLE)
  AND "volume"."slice_thickness" <= CAST('4.0' AS DOUBLE)
  AND "volume"."acquisition_datetime" > CAST('2024-01-01T00:00:00.000000+00:00' AS TIMESTAMPTZ)
  AND "volume"."acquisition_datetime" < CAST('2025-01-01T00:00:00.000000+00:00' AS TIMESTAMPTZ);

-- title: by identifier
{"version": 2, "relation": "volume", "where": {"op": "is_in", "field": "identifier", "values": ["volume/DA00001/study-1/series-1", "volume/DA00002/study-1/series-1"]}, "select": ["identifier"]};
SELECT
  "volume"."identifier"
FROM (
  SELECT
    "identifier"
  FROM "vxdata"."volume"
  WHERE
    NOT "tombstone"
) AS "volume"
WHERE
  "volume"."identifier" IN ('volume/DA00001/study-1/series-1', 'volume/DA00002/study-1/series-1');
-- duckdb: the same

-- title: T2 or ADC of one data source
{"version": 2, "relation": "volume", "where": {"op": "and", "terms": [{"op": "or", "terms": [{"op": "==", "field": "volume_type", "value": "T2"}, {"op": "==", "field": "volume_type", "value": "ADC"}]}, {"op": "==", "field": "datasource_id", "value": "datasource/dasa"}]}, "select": ["identifier"]};
SELECT
  "volume"."identifier"
FROM (
  SELECT
    "identifier",
    "datasource_id",
    "volume_type"
  FROM "vxdata"."volume"
  WHERE
    NOT "tombstone"
) AS "volume"
WHERE
  (
    "volume"."volume_type" = 'T2' OR "volume"."volume_type" = 'ADC'
  )
  AND "volume"."datasource_id" = 'datasource/dasa';
-- duckdb: the same

-- title: a filter that was made before
{"version": 2, "relation": "pathologyspecimen", "where": {"op": "and", "terms": [{"op": "is_in", "field": "datasource_id", "values": ["datasource/dasa", "datasource/basel"]}, {"op": "==", "field": "is_event_root", "value": true}]}, "select": ["identifier"]};
SELECT
  "pathologyspecimen"."identifier"
FROM (
  SELECT
    "identifier",
    "datasource_id",
    "is_event_root"
  FROM "vxdata"."pathologyspecimen"
  WHERE
    NOT "tombstone"
) AS "pathologyspecimen"
WHERE
  "pathologyspecimen"."datasource_id" IN ('datasource/dasa', 'datasource/basel')
  AND "pathologyspecimen"."is_event_root" = TRUE;
-- duckdb: the same

-- title: only some columns
{"version": 2, "relation": "volume", "where": {"op": "==", "field": "volume_type", "value": "SEG"}, "select": ["path_nii", "segmentation_reference_uid"]};
SELECT
  "volume"."path_nii",
  "volume"."segmentation_reference_uid"
FROM (
  SELECT
    "volume_type",
    "path_nii",
    "segmentation_reference_uid"
  FROM "vxdata"."volume"
  WHERE
    NOT "tombstone"
) AS "volume"
WHERE
  "volume"."volume_type" = 'SEG';
-- duckdb: the same
