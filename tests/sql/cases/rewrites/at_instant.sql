-- title: nothing later was committed, so the latest versions are the answer
{"version": 2, "relation": "datasource", "select": ["identifier", "valid_to"]};
SELECT
  "datasource"."identifier",
  "datasource"."valid_to"
FROM (
  SELECT
    "identifier",
    CAST(NULL AS TIMESTAMPTZ) AS "valid_to"
  FROM "vxdata"."datasource"
  WHERE
    NOT "tombstone"
) AS "datasource";

-- title: something later was committed, so superseded versions count too
-- as_of: 2024-02-29T12:00:00.000001+00:00
{"version": 2, "relation": "datasource", "select": ["identifier", "valid_to"]};
SELECT
  "datasource"."identifier",
  "datasource"."valid_to"
FROM (
  SELECT
    "identifier",
    CAST(NULL AS TIMESTAMPTZ) AS "valid_to"
  FROM (
    SELECT
      "identifier",
      "tombstone",
      "valid_from",
      "valid_to"
    FROM "vxdata"."datasource"
    UNION ALL
    SELECT
      "identifier",
      "tombstone",
      "valid_from",
      "valid_to"
    FROM "vxdata"."datasource_history"
  ) AS "versions"
  WHERE
    NOT "tombstone"
    AND "valid_from" <= CAST('2024-02-29T12:00:00.000001+00:00' AS TIMESTAMPTZ)
    AND (
      "valid_to" IS NULL
      OR "valid_to" > CAST('2024-02-29T12:00:00.000001+00:00' AS TIMESTAMPTZ)
    )
) AS "datasource";

-- title: versions as they stood at the instant
-- as_of: 2024-02-29T12:00:00.000001+00:00
{"version": 2, "relation": "datasource", "select": ["identifier", "valid_to", "deleted"], "history": true};
SELECT
  "datasource"."identifier",
  "datasource"."valid_to",
  "datasource"."deleted"
FROM (
  SELECT
    "identifier",
    CASE
      WHEN "valid_to" <= CAST('2024-02-29T12:00:00.000001+00:00' AS TIMESTAMPTZ)
      THEN "valid_to"
    END AS "valid_to",
    "tombstone" AS "deleted"
  FROM (
    SELECT
      "identifier",
      "valid_to",
      "tombstone",
      "valid_from"
    FROM "vxdata"."datasource"
    UNION ALL
    SELECT
      "identifier",
      "valid_to",
      "tombstone",
      "valid_from"
    FROM "vxdata"."datasource_history"
  ) AS "versions"
  WHERE
    "valid_from" <= CAST('2024-02-29T12:00:00.000001+00:00' AS TIMESTAMPTZ)
) AS "datasource";

-- title: resources of all types
{"version": 2, "relation": "resource", "select": ["identifier"]};
SELECT
  "resource"."identifier"
FROM (
  SELECT
    "identifier"
  FROM (
    SELECT
      "identifier",
      "tombstone"
    FROM "vxdata"."datasource"
    UNION ALL
    SELECT
      "identifier",
      "tombstone"
    FROM "vxdata"."patient"
    UNION ALL
    SELECT
      "identifier",
      "tombstone"
    FROM "vxdata"."imagingstudy"
    UNION ALL
    SELECT
      "identifier",
      "tombstone"
    FROM "vxdata"."volume"
    UNION ALL
    SELECT
      "identifier",
      "tombstone"
    FROM "vxdata"."histomap"
    UNION ALL
    SELECT
      "identifier",
      "tombstone"
    FROM "vxdata"."pathologyspecimen"
    UNION ALL
    SELECT
      "identifier",
      "tombstone"
    FROM "vxdata"."pathologyassessment"
    UNION ALL
    SELECT
      "identifier",
      "tombstone"
    FROM "vxdata"."piradsassessment"
    UNION ALL
    SELECT
      "identifier",
      "tombstone"
    FROM "vxdata"."psameasurement"
    UNION ALL
    SELECT
      "identifier",
      "tombstone"
    FROM "vxdata"."diagnosticreport"
    UNION ALL
    SELECT
      "identifier",
      "tombstone"
    FROM "vxdata"."annotationsession"
    UNION ALL
    SELECT
      "identifier",
      "tombstone"
    FROM "vxdata"."vxannotatecaserecord"
    UNION ALL
    SELECT
      "identifier",
      "tombstone"
    FROM "vxdata"."artefact"
    UNION ALL
    SELECT
      "identifier",
      "tombstone"
    FROM "vxdata"."benchmarking"
  ) AS "versions"
  WHERE
    NOT "tombstone"
) AS "resource";

-- title: the commit log
{"version": 2, "relation": "commit", "select": ["version", "as_of"]};
SELECT
  "commit"."version",
  "commit"."as_of"
FROM (
  SELECT
    "version",
    "stamp" AS "as_of"
  FROM "vxdata"."commit_log"
  WHERE
    "stamp" <= CAST('2025-01-01T00:00:00.000000+00:00' AS TIMESTAMPTZ)
) AS "commit";
