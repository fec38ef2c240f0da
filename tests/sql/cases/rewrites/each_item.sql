-- title: no items
{"version": 2, "relation": "volume", "group_by": ["volume_type"]};
SELECT
  "volume"."volume_type"
FROM "vxdata_unresolved"."volume" AS "volume"
GROUP BY
  "volume"."volume_type";
-- duckdb: the same

-- title: the items of a list
{"version": 2, "relation": "imagingstudy", "where": {"op": "is_not_null", "field": "study_date"}, "group_by": [{"field": "modalities", "part": "item", "name": "modality"}], "aggregates": [{"function": "min", "field": "study_date", "name": "first"}]};
SELECT
  "imagingstudy"."item of modalities" AS "modality",
  MIN("imagingstudy"."study_date") AS "first"
FROM (
  SELECT
    "imagingstudy"."study_date",
    UNNEST("imagingstudy"."modalities") AS "item of modalities"
  FROM "vxdata_unresolved"."imagingstudy" AS "imagingstudy"
  WHERE
    NOT "imagingstudy"."study_date" IS NULL
) AS "imagingstudy"
GROUP BY
  "imagingstudy"."item of modalities";
-- duckdb: the same

-- title: the keys of a mapping
{"version": 2, "relation": "benchmarking", "group_by": [{"field": "summary_metrics", "part": "item", "name": "metric"}, "eval_task"]};
SELECT
  "benchmarking"."item of summary_metrics" AS "metric",
  "benchmarking"."eval_task"
FROM (
  SELECT
    "benchmarking"."eval_task",
    JSONB_OBJECT_KEYS("benchmarking"."summary_metrics") COLLATE "C" AS "item of summary_metrics"
  FROM "vxdata_unresolved"."benchmarking" AS "benchmarking"
) AS "benchmarking"
GROUP BY
  "benchmarking"."item of summary_metrics",
  "benchmarking"."eval_task";
-- duckdb:
SELECT
  "benchmarking"."item of summary_metrics" AS "metric",
  "benchmarking"."eval_task"
FROM (
  SELECT
    "benchmarking"."eval_task",
    UNNEST(MAP_KEYS("benchmarking"."summary_metrics")) AS "item of summary_metrics"
  FROM "vxdata_unresolved"."benchmarking" AS "benchmarking"
) AS "benchmarking"
GROUP BY
  "benchmarking"."item of summary_metrics",
  "benchmarking"."eval_task";

-- title: of the first row of each group
{"version": 2, "relation": "imagingstudy", "first_per": {"fields": ["patient_id"]}, "group_by": [{"field": "modalities", "part": "item", "name": "modality"}], "aggregates": [{"function": "count", "name": "n"}]};
SELECT
  "imagingstudy"."item of modalities" AS "modality",
  COUNT(*) AS "n"
FROM (
  SELECT
    UNNEST("imagingstudy"."modalities") AS "item of modalities"
  FROM (
    SELECT
      "imagingstudy"."modalities",
      ROW_NUMBER() OVER (PARTITION BY "imagingstudy"."patient_id" ORDER BY "imagingstudy"."identifier" ASC) AS "place in group"
    FROM "vxdata_unresolved"."imagingstudy" AS "imagingstudy"
  ) AS "imagingstudy"
  WHERE
    "imagingstudy"."place in group" = 1
) AS "imagingstudy"
GROUP BY
  "imagingstudy"."item of modalities";
-- duckdb: the same
