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
-- duckdb: the same

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
-- duckdb: the same

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
-- duckdb: the same

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
-- duckdb: the same

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
-- duckdb: the same

-- title: what is granted: data sources and licences of resources that are there
-- grants: {"read": ["datasource/a", "datasource/b"], "licenses": ["CC BY 4.0"]}
{"version": 2, "relation": "datasource", "select": ["identifier"]};
SELECT
  "datasource"."identifier"
FROM (
  SELECT
    "identifier"
  FROM "vxdata"."datasource"
  WHERE
    NOT "tombstone"
    AND "datasource_id" IN ('datasource/a', 'datasource/b')
    AND "license" IN ('CC BY 4.0')
) AS "datasource";
-- duckdb:
SELECT
  "datasource"."identifier"
FROM (
  SELECT
    "identifier"
  FROM "vxdata"."datasource"
  WHERE
    NOT "tombstone"
    AND LIST_CONTAINS(['datasource/a', 'datasource/b'], "datasource_id")
    AND "license" IN ('CC BY 4.0')
) AS "datasource";

-- title: what is granted now decides for an earlier instant, too
-- grants: {"read": ["datasource/a"]}
-- as_of: 2024-06-01T12:00:00Z
{"version": 2, "relation": "patient", "select": ["identifier"]};
SELECT
  "patient"."identifier"
FROM (
  SELECT
    "identifier"
  FROM (
    SELECT
      "identifier",
      "tombstone",
      "datasource_id",
      "valid_from",
      "valid_to"
    FROM "vxdata"."patient"
    UNION ALL
    SELECT
      "identifier",
      "tombstone",
      "datasource_id",
      "valid_from",
      "valid_to"
    FROM "vxdata"."patient_history"
  ) AS "versions"
  WHERE
    NOT "tombstone"
    AND "datasource_id" IN ('datasource/a')
    AND "valid_from" <= CAST('2024-06-01T12:00:00.000000+00:00' AS TIMESTAMPTZ)
    AND (
      "valid_to" IS NULL
      OR "valid_to" > CAST('2024-06-01T12:00:00.000000+00:00' AS TIMESTAMPTZ)
    )
) AS "patient";
-- duckdb: the same

-- title: no data source is granted
-- grants: {"read": []}
{"version": 2, "relation": "datasource", "select": ["identifier"]};
SELECT
  "datasource"."identifier"
FROM (
  SELECT
    "identifier"
  FROM "vxdata"."datasource"
  WHERE
    NOT "tombstone" AND FALSE
) AS "datasource";
-- duckdb: the same

-- title: types that are hidden are no members of all resources
-- grants: {"types": ["datasource", "patient"], "read": ["datasource/a"]}
{"version": 2, "relation": "resource", "select": ["identifier"], "history": true};
SELECT
  "resource"."identifier"
FROM (
  SELECT
    "identifier"
  FROM (
    SELECT
      "identifier",
      "valid_from",
      "datasource_id"
    FROM "vxdata"."datasource"
    UNION ALL
    SELECT
      "identifier",
      "valid_from",
      "datasource_id"
    FROM "vxdata"."datasource_history"
    UNION ALL
    SELECT
      "identifier",
      "valid_from",
      "datasource_id"
    FROM "vxdata"."patient"
    UNION ALL
    SELECT
      "identifier",
      "valid_from",
      "datasource_id"
    FROM "vxdata"."patient_history"
  ) AS "versions"
  WHERE
    "valid_from" <= CAST('2025-01-01T00:00:00.000000+00:00' AS TIMESTAMPTZ)
    AND "datasource_id" IN ('datasource/a')
) AS "resource";
-- duckdb: the same

-- title: the commits that wrote what is granted, and how much of that
-- grants: {"types": ["datasource"], "read": ["datasource/a"]}
{"version": 2, "relation": "commit", "select": ["version", "counts"]};
SELECT
  "commit"."version",
  CASE
    WHEN NOT "commit"."counts" IS NULL
    THEN ARRAY(
      SELECT
        CAST(("entry"."key", CAST("entry"."value" AS DOUBLE PRECISION)) AS vxdata.number_entry)
      FROM JSONB_EACH_TEXT("commit"."counts") AS "entry"
    )
  END AS "counts"
FROM (
  SELECT
    "version",
    (
      SELECT
        JSONB_OBJECT_AGG("seen"."type", "seen"."rows")
      FROM (
        SELECT
          'datasource' AS "type",
          (
            SELECT
              COUNT(*)
            FROM "vxdata"."datasource" AS "v"
            WHERE
              "v"."version" = "commit_log"."version"
              AND "v"."datasource_id" IN ('datasource/a')
          ) + (
            SELECT
              COUNT(*)
            FROM "vxdata"."datasource_history" AS "v"
            WHERE
              "v"."version" = "commit_log"."version"
              AND "v"."datasource_id" IN ('datasource/a')
          ) AS "rows"
        WHERE
          JSONB_EXISTS("commit_log"."counts", 'datasource')
      ) AS seen
      WHERE
        "seen"."rows" > 0
    ) AS "counts"
  FROM "vxdata"."commit_log"
  WHERE
    "stamp" <= CAST('2025-01-01T00:00:00.000000+00:00' AS TIMESTAMPTZ)
    AND (
      (
        JSONB_EXISTS("commit_log"."counts", 'datasource')
        AND EXISTS(
          SELECT
            1
          FROM "vxdata"."datasource" AS "v"
          WHERE
            "v"."version" = "commit_log"."version"
            AND "v"."datasource_id" IN ('datasource/a')
        )
      )
      OR (
        JSONB_EXISTS("commit_log"."counts", 'datasource')
        AND EXISTS(
          SELECT
            1
          FROM "vxdata"."datasource_history" AS "v"
          WHERE
            "v"."version" = "commit_log"."version"
            AND "v"."datasource_id" IN ('datasource/a')
        )
      )
    )
) AS "commit";
-- duckdb: none, because what commits wrote of the visible resources is counted by an index
