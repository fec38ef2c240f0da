-- title: the fields asked for, in the order asked for
{"version": 2, "relation": "datasource", "select": ["license", "identifier"]};
SELECT
  "datasource"."license",
  "datasource"."identifier"
FROM "vxdata_unresolved"."datasource" AS "datasource";
-- duckdb: the same

-- title: a mapping to text leaves as an array of entries, null where it is null
{"version": 2, "relation": "patient", "select": ["external_identifiers"]};
SELECT
  CASE
    WHEN NOT "patient"."external_identifiers" IS NULL
    THEN ARRAY(
      SELECT
        CAST(("entry"."key", CAST("entry"."value" AS TEXT)) AS vxdata.text_entry)
      FROM JSONB_EACH_TEXT("patient"."external_identifiers") AS "entry"
    )
  END AS "external_identifiers"
FROM "vxdata_unresolved"."patient" AS "patient";
-- duckdb:
SELECT
  "patient"."external_identifiers"
FROM "vxdata_unresolved"."patient" AS "patient";

-- title: a mapping to numbers has entries of its own
{"version": 2, "relation": "benchmarking", "select": ["identifier", "summary_metrics"]};
SELECT
  "benchmarking"."identifier",
  CASE
    WHEN NOT "benchmarking"."summary_metrics" IS NULL
    THEN ARRAY(
      SELECT
        CAST(("entry"."key", CAST("entry"."value" AS DOUBLE PRECISION)) AS vxdata.number_entry)
      FROM JSONB_EACH_TEXT("benchmarking"."summary_metrics") AS "entry"
    )
  END AS "summary_metrics"
FROM "vxdata_unresolved"."benchmarking" AS "benchmarking";
-- duckdb:
SELECT
  "benchmarking"."identifier",
  VXDATA.ENTRIES_FROM_STORE("benchmarking"."summary_metrics") AS "summary_metrics"
FROM "vxdata_unresolved"."benchmarking" AS "benchmarking";

-- title: lists, days, instants and numbers leave as they are stored
{"version": 2, "relation": "imagingstudy", "select": ["modalities", "study_date", "study_datetime", "pi_qual", "patient_age"]};
SELECT
  "imagingstudy"."modalities",
  "imagingstudy"."study_date",
  "imagingstudy"."study_datetime",
  "imagingstudy"."pi_qual",
  "imagingstudy"."patient_age"
FROM "vxdata_unresolved"."imagingstudy" AS "imagingstudy";
-- duckdb: the same
