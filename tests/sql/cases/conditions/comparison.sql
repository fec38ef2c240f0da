-- title: every comparison operator
{"version": 2, "relation": "volume", "where": {"op": "and", "terms": [{"op": "==", "field": "b_value", "value": 1400}, {"op": "!=", "field": "series_number", "value": 3}, {"op": "<", "field": "slice_thickness", "value": 3.5}, {"op": "<=", "field": "instance_count", "value": 30}, {"op": ">", "field": "series_number", "value": -1}, {"op": ">=", "field": "pixel_spacing", "value": 0}]}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  "volume"."b_value" = CAST('1400.0' AS DOUBLE PRECISION)
  AND "volume"."series_number" <> 3
  AND "volume"."slice_thickness" < CAST('3.5' AS DOUBLE PRECISION)
  AND "volume"."instance_count" <= 30
  AND "volume"."series_number" > -1
  AND "volume"."pixel_spacing" >= CAST('0.0' AS DOUBLE PRECISION);
-- duckdb:
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  "volume"."b_value" = CAST('1400.0' AS DOUBLE)
  AND "volume"."series_number" <> 3
  AND "volume"."slice_thickness" < CAST('3.5' AS DOUBLE)
  AND "volume"."instance_count" <= 30
  AND "volume"."series_number" > -1
  AND "volume"."pixel_spacing" >= CAST('0.0' AS DOUBLE);

-- title: text is quoted, whatever it holds
{"version": 2, "relation": "volume", "where": {"op": "==", "field": "series_description", "value": "O'Brien -- $1 %s \\ \"T2\""}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  "volume"."series_description" = 'O''Brien -- $1 %s \ "T2"';
-- duckdb: the same

-- title: days and instants are typed; an instant is in UTC
{"version": 2, "relation": "volume", "where": {"op": "or", "terms": [{"op": ">=", "field": "series_date", "value": "2024-02-29"}, {"op": "<", "field": "acquisition_datetime", "value": "2024-02-29T12:00:00+01:00"}]}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  "volume"."series_date" >= CAST('2024-02-29' AS DATE)
  OR "volume"."acquisition_datetime" < CAST('2024-02-29T11:00:00.000000+00:00' AS TIMESTAMPTZ);
-- duckdb: the same

-- title: true and false
{"version": 2, "relation": "volume", "where": {"op": "!=", "field": "is_contrast_enhanced", "value": true}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  "volume"."is_contrast_enhanced" <> TRUE;
-- duckdb: the same

-- title: null, and not null, also of lists
{"version": 2, "relation": "volume", "where": {"op": "and", "terms": [{"op": "is_null", "field": "derived_from"}, {"op": "is_not_null", "field": "path_nii"}]}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  "volume"."derived_from" IS NULL AND NOT "volume"."path_nii" IS NULL;
-- duckdb: the same

-- title: an entry of a mapping, in the type of its values
{"version": 2, "relation": "benchmarking", "where": {"op": ">", "field": "summary_metrics", "key": "auc", "value": 0.8}};
SELECT
  "benchmarking"."identifier"
FROM "vxdata_unresolved"."benchmarking" AS "benchmarking"
WHERE
  CAST(JSONB_EXTRACT_PATH_TEXT("benchmarking"."summary_metrics", 'auc') AS DOUBLE PRECISION) > CAST('0.8' AS DOUBLE PRECISION);
-- duckdb:
SELECT
  "benchmarking"."identifier"
FROM "vxdata_unresolved"."benchmarking" AS "benchmarking"
WHERE
  VXDATA.FROM_STORE(MAP_EXTRACT_VALUE("benchmarking"."summary_metrics", 'auc')) > CAST('0.8' AS DOUBLE);

-- title: an entry of a mapping to text
{"version": 2, "relation": "datasource", "where": {"op": "==", "field": "external_identifiers", "key": "CT's", "value": "x"}};
SELECT
  "datasource"."identifier"
FROM "vxdata_unresolved"."datasource" AS "datasource"
WHERE
  JSONB_EXTRACT_PATH_TEXT("datasource"."external_identifiers", 'CT''s') COLLATE "C" = 'x';
-- duckdb:
SELECT
  "datasource"."identifier"
FROM "vxdata_unresolved"."datasource" AS "datasource"
WHERE
  MAP_EXTRACT_VALUE("datasource"."external_identifiers", 'CT''s') = 'x';

-- title: a whole number beside doubles, a fraction beside whole numbers
{"version": 2, "relation": "volume", "where": {"op": "and", "terms": [{"op": "<", "field": "b_value", "value": 3}, {"op": "<", "field": "series_number", "value": 3.5}, {"op": "==", "field": "series_number", "value": 4.0}]}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  "volume"."b_value" < CAST('3.0' AS DOUBLE PRECISION)
  AND "volume"."series_number" <= 3
  AND "volume"."series_number" = 4;
-- duckdb:
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  "volume"."b_value" < CAST('3.0' AS DOUBLE)
  AND "volume"."series_number" <= 3
  AND "volume"."series_number" = 4;

-- title: a part of a value
{"version": 2, "relation": "imagingstudy", "where": {"op": "and", "terms": [{"op": ">=", "field": "study_datetime", "part": "year", "value": 2020}, {"op": "==", "field": "study_date", "part": "month", "value": 5}, {"op": "is_in", "field": "modalities", "part": "n_items", "values": [1, 2]}]}};
SELECT
  "imagingstudy"."identifier"
FROM "vxdata_unresolved"."imagingstudy" AS "imagingstudy"
WHERE
  CAST(EXTRACT(YEAR FROM "imagingstudy"."study_datetime" AT TIME ZONE 'UTC') AS BIGINT) >= 2020
  AND CAST(EXTRACT(MONTH FROM "imagingstudy"."study_date") AS BIGINT) = 5
  AND CAST(CARDINALITY("imagingstudy"."modalities") AS BIGINT) IN (1, 2);
-- duckdb:
SELECT
  "imagingstudy"."identifier"
FROM "vxdata_unresolved"."imagingstudy" AS "imagingstudy"
WHERE
  EXTRACT(YEAR FROM MAKE_TIMESTAMP(EPOCH_US("imagingstudy"."study_datetime"))) >= 2020
  AND EXTRACT(MONTH FROM "imagingstudy"."study_date") = 5
  AND LEN("imagingstudy"."modalities") IN (1, 2);
