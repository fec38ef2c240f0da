-- title: the number of all that is live now
{"version": 2, "relation": "resource", "group_by": [], "aggregates": [{"function": "count", "name": "rows"}]};
SELECT
  COALESCE(
    VXDATA.LIVE_AT(
      CAST('{"datasource","patient","imagingstudy","volume","histomap","pathologyspecimen","pathologyassessment","piradsassessment","psameasurement","diagnosticreport","annotationsession","vxannotatecaserecord","artefact","benchmarking"}' AS TEXT[]),
      NULL
    ),
    (
      SELECT
        COUNT(*)
      FROM (
        SELECT
        FROM (
          SELECT
            "tombstone"
          FROM "vxdata"."datasource"
          UNION ALL
          SELECT
            "tombstone"
          FROM "vxdata"."patient"
          UNION ALL
          SELECT
            "tombstone"
          FROM "vxdata"."imagingstudy"
          UNION ALL
          SELECT
            "tombstone"
          FROM "vxdata"."volume"
          UNION ALL
          SELECT
            "tombstone"
          FROM "vxdata"."histomap"
          UNION ALL
          SELECT
            "tombstone"
          FROM "vxdata"."pathologyspecimen"
          UNION ALL
          SELECT
            "tombstone"
          FROM "vxdata"."pathologyassessment"
          UNION ALL
          SELECT
            "tombstone"
          FROM "vxdata"."piradsassessment"
          UNION ALL
          SELECT
            "tombstone"
          FROM "vxdata"."psameasurement"
          UNION ALL
          SELECT
            "tombstone"
          FROM "vxdata"."diagnosticreport"
          UNION ALL
          SELECT
            "tombstone"
          FROM "vxdata"."annotationsession"
          UNION ALL
          SELECT
            "tombstone"
          FROM "vxdata"."vxannotatecaserecord"
          UNION ALL
          SELECT
            "tombstone"
          FROM "vxdata"."artefact"
          UNION ALL
          SELECT
            "tombstone"
          FROM "vxdata"."benchmarking"
        ) AS "versions"
        WHERE
          NOT "tombstone"
      ) AS "resource"
    )
  ) AS "rows";
-- duckdb: none, because the number of all resources is kept

-- title: the number of all that was live
-- as_of: 2024-06-01T00:00:00Z
{"version": 2, "relation": "patient", "group_by": [], "aggregates": [{"function": "count", "name": "rows"}]};
SELECT
  COALESCE(
    VXDATA.LIVE_AT(
      CAST('{"patient"}' AS TEXT[]),
      CAST('2024-06-01T00:00:00.000000+00:00' AS TIMESTAMPTZ)
    ),
    (
      SELECT
        COUNT(*)
      FROM (
        SELECT
        FROM (
          SELECT
            "tombstone",
            "valid_from",
            "valid_to"
          FROM "vxdata"."patient"
          UNION ALL
          SELECT
            "tombstone",
            "valid_from",
            "valid_to"
          FROM "vxdata"."patient_history"
        ) AS "versions"
        WHERE
          NOT "tombstone"
          AND "valid_from" <= CAST('2024-06-01T00:00:00.000000+00:00' AS TIMESTAMPTZ)
          AND (
            "valid_to" IS NULL
            OR "valid_to" > CAST('2024-06-01T00:00:00.000000+00:00' AS TIMESTAMPTZ)
          )
      ) AS "patient"
    )
  ) AS "rows";
-- duckdb: none, because the number of all resources is kept
