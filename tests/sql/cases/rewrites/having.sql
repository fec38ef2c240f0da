-- title: no condition on groups
{"version": 2, "relation": "volume", "group_by": ["volume_type"]};
SELECT
  "volume"."volume_type"
FROM "vxdata_unresolved"."volume" AS "volume"
GROUP BY
  "volume"."volume_type";
-- duckdb: the same

-- title: a condition on a key and on an aggregate, whose names are columns of the result
{"version": 2, "relation": "volume", "group_by": ["volume_type"], "aggregates": [{"function": "count", "name": "n \"x\""}], "having": {"op": "and", "terms": [{"op": "is_not_null", "field": "volume_type"}, {"op": ">", "field": "n \"x\"", "value": 2}]}};
SELECT
  "groups"."volume_type",
  "groups"."n ""x"""
FROM (
  SELECT
    "volume"."volume_type",
    COUNT(*) AS "n ""x"""
  FROM "vxdata_unresolved"."volume" AS "volume"
  GROUP BY
    "volume"."volume_type"
) AS "groups"
WHERE
  NOT "groups"."volume_type" IS NULL AND "groups"."n ""x""" > 2;
-- duckdb: the same

-- title: a condition on the one group of all rows
{"version": 2, "relation": "volume", "group_by": [], "aggregates": [{"function": "max", "field": "b_value", "name": "most"}], "having": {"op": "<", "field": "most", "value": 5}};
SELECT
  "groups"."most"
FROM (
  SELECT
    MAX("volume"."b_value" + 0.0) AS "most"
  FROM "vxdata_unresolved"."volume" AS "volume"
) AS "groups"
WHERE
  "groups"."most" < CAST('5.0' AS DOUBLE PRECISION);
-- duckdb:
SELECT
  "groups"."most"
FROM (
  SELECT
    MAX("volume"."b_value" + 0.0) AS "most"
  FROM "vxdata_unresolved"."volume" AS "volume"
) AS "groups"
WHERE
  "groups"."most" < CAST('5.0' AS DOUBLE);

-- title: a subquery in a condition on groups
{"version": 2, "relation": "volume", "group_by": ["patient_id"], "aggregates": [{"function": "count", "name": "n"}], "having": {"op": "is_in_query", "field": "patient_id", "query": {"relation": "patient", "select": "identifier"}}};
SELECT
  "groups"."patient_id",
  "groups"."n"
FROM (
  SELECT
    "volume"."patient_id",
    COUNT(*) AS "n"
  FROM "vxdata_unresolved"."volume" AS "volume"
  GROUP BY
    "volume"."patient_id"
) AS "groups"
WHERE
  "groups"."patient_id" IN (
    SELECT
      "patient"."identifier"
    FROM "vxdata_unresolved"."patient" AS "patient"
    WHERE
      NOT "patient"."identifier" IS NULL
  );
-- duckdb: the same
