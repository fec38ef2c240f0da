-- title: no groups
{"version": 2, "relation": "volume", "select": ["volume_type"]};
SELECT
  "volume"."volume_type"
FROM "vxdata_unresolved"."volume" AS "volume";
-- duckdb: the same

-- title: every function
{"version": 2, "relation": "volume", "group_by": ["volume_type", "image_plane"], "aggregates": [{"function": "count", "name": "n"}, {"function": "count", "field": "b_value", "name": "with b"}, {"function": "n_unique", "field": "b_value", "name": "different"}, {"function": "min", "field": "series_date", "name": "first"}, {"function": "max", "field": "series_date", "name": "last"}, {"function": "mean", "field": "slice_thickness", "name": "mean"}, {"function": "sum", "field": "slice_thickness", "name": "sum"}, {"function": "sum", "field": "series_number", "name": "whole sum"}, {"function": "quantile", "field": "slice_thickness", "quantile": 0.5, "name": "median"}]};
SELECT
  "volume"."volume_type",
  "volume"."image_plane",
  COUNT(*) AS "n",
  COUNT("volume"."b_value") AS "with b",
  COUNT(DISTINCT "volume"."b_value") AS "different",
  MIN("volume"."series_date") AS "first",
  MAX("volume"."series_date") AS "last",
  VXDATA.QUOTIENT(
    VXDATA.NEAREST(
      SUM(VXDATA.FIRST_PART("volume"."slice_thickness")),
      SUM(VXDATA.SECOND_PART("volume"."slice_thickness")),
      SUM(VXDATA.THIRD_PART("volume"."slice_thickness")),
      SUM(VXDATA.REST("volume"."slice_thickness"))
    ),
    COUNT("volume"."slice_thickness")
  ) AS "mean",
  VXDATA.NEAREST(
    SUM(VXDATA.FIRST_PART("volume"."slice_thickness")),
    SUM(VXDATA.SECOND_PART("volume"."slice_thickness")),
    SUM(VXDATA.THIRD_PART("volume"."slice_thickness")),
    SUM(VXDATA.REST("volume"."slice_thickness"))
  ) AS "sum",
  CAST(SUM("volume"."series_number") AS BIGINT) AS "whole sum",
  CASE
    WHEN NOT (
      MAX("volume"."slice_thickness" + 0.0) - MIN("volume"."slice_thickness" + 0.0)
    ) IS NULL
    THEN PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY
      "volume"."slice_thickness" + 0.0)
  END AS "median"
FROM "vxdata_unresolved"."volume" AS "volume"
GROUP BY
  "volume"."volume_type",
  "volume"."image_plane";
-- duckdb:
SELECT
  "volume"."volume_type",
  "volume"."image_plane",
  COUNT(*) AS "n",
  COUNT("volume"."b_value") AS "with b",
  COUNT(DISTINCT "volume"."b_value") AS "different",
  MIN("volume"."series_date") AS "first",
  MAX("volume"."series_date") AS "last",
  VXDATA.QUOTIENT(
    VXDATA.NEAREST(
      SUM(VXDATA.FIRST_PART("volume"."slice_thickness")),
      SUM(VXDATA.SECOND_PART("volume"."slice_thickness")),
      SUM(VXDATA.THIRD_PART("volume"."slice_thickness"))
    ),
    COUNT("volume"."slice_thickness")
  ) AS "mean",
  VXDATA.NEAREST(
    SUM(VXDATA.FIRST_PART("volume"."slice_thickness")),
    SUM(VXDATA.SECOND_PART("volume"."slice_thickness")),
    SUM(VXDATA.THIRD_PART("volume"."slice_thickness"))
  ) AS "sum",
  CAST(SUM("volume"."series_number") AS BIGINT) AS "whole sum",
  VXDATA.QUANTILE(
    LIST("volume"."slice_thickness" + 0.0) FILTER(WHERE
      NOT (
        "volume"."slice_thickness" + 0.0
      ) IS NULL),
    CAST('0.5' AS DOUBLE)
  ) AS "median"
FROM "vxdata_unresolved"."volume" AS "volume"
GROUP BY
  "volume"."volume_type",
  "volume"."image_plane";

-- title: one group of all rows
{"version": 2, "relation": "volume", "group_by": [], "aggregates": [{"function": "count", "name": "n\"; DROP TABLE x; --"}]};
SELECT
  COUNT(*) AS "n""; DROP TABLE x; --"
FROM "vxdata_unresolved"."volume" AS "volume";
-- duckdb: none, because the number of all resources is kept

-- title: groups alone
{"version": 2, "relation": "volume", "group_by": ["volume_type"]};
SELECT
  "volume"."volume_type"
FROM "vxdata_unresolved"."volume" AS "volume"
GROUP BY
  "volume"."volume_type";
-- duckdb: the same

-- title: an entry of a mapping
{"version": 2, "relation": "benchmarking", "group_by": ["eval_task"], "aggregates": [{"function": "max", "field": "summary_metrics", "key": "auc", "name": "best"}]};
SELECT
  "benchmarking"."eval_task",
  MAX(
    CAST(JSONB_EXTRACT_PATH_TEXT("benchmarking"."summary_metrics", 'auc') AS DOUBLE PRECISION) + 0.0
  ) AS "best"
FROM "vxdata_unresolved"."benchmarking" AS "benchmarking"
GROUP BY
  "benchmarking"."eval_task";
-- duckdb:
SELECT
  "benchmarking"."eval_task",
  MAX(
    VXDATA.FROM_STORE(MAP_EXTRACT_VALUE("benchmarking"."summary_metrics", 'auc')) + 0.0
  ) AS "best"
FROM "vxdata_unresolved"."benchmarking" AS "benchmarking"
GROUP BY
  "benchmarking"."eval_task";

-- title: keys that are computed, and the items of a list
{"version": 2, "relation": "imagingstudy", "group_by": [{"field": "study_date", "part": "year", "name": "y"}, {"field": "study_datetime", "part": "month", "name": "m"}, {"field": "modalities", "part": "item", "name": "modality"}, {"field": "patient_id", "name": "who"}], "aggregates": [{"function": "max", "field": "modalities", "part": "n_items", "name": "most"}]};
SELECT
  CAST(EXTRACT(YEAR FROM "imagingstudy"."study_date") AS BIGINT) AS "y",
  CAST(EXTRACT(MONTH FROM "imagingstudy"."study_datetime" AT TIME ZONE 'UTC') AS BIGINT) AS "m",
  "imagingstudy"."item of modalities" AS "modality",
  "imagingstudy"."patient_id" AS "who",
  MAX(CAST(CARDINALITY("imagingstudy"."modalities") AS BIGINT)) AS "most"
FROM "vxdata_unresolved"."imagingstudy" AS "imagingstudy"
GROUP BY
  CAST(EXTRACT(YEAR FROM "imagingstudy"."study_date") AS BIGINT),
  CAST(EXTRACT(MONTH FROM "imagingstudy"."study_datetime" AT TIME ZONE 'UTC') AS BIGINT),
  "imagingstudy"."item of modalities",
  "imagingstudy"."patient_id";
-- duckdb:
SELECT
  EXTRACT(YEAR FROM "imagingstudy"."study_date") AS "y",
  EXTRACT(MONTH FROM MAKE_TIMESTAMP(EPOCH_US("imagingstudy"."study_datetime"))) AS "m",
  "imagingstudy"."item of modalities" AS "modality",
  "imagingstudy"."patient_id" AS "who",
  MAX(LEN("imagingstudy"."modalities")) AS "most"
FROM "vxdata_unresolved"."imagingstudy" AS "imagingstudy"
GROUP BY
  EXTRACT(YEAR FROM "imagingstudy"."study_date"),
  EXTRACT(MONTH FROM MAKE_TIMESTAMP(EPOCH_US("imagingstudy"."study_datetime"))),
  "imagingstudy"."item of modalities",
  "imagingstudy"."patient_id";
