-- title: of a data source
{"version": 2, "relation": "volume", "where": {"op": "==", "field": "datasource_id", "value": "datasource/dasa"}, "select": ["identifier"]};
SELECT
  "volume"."identifier"
FROM (
  SELECT
    "identifier",
    "datasource_id"
  FROM "vxdata"."volume"
  WHERE
    NOT "tombstone"
) AS "volume"
WHERE
  "volume"."datasource_id" = 'datasource/dasa';
-- duckdb: the same

-- title: of a patient
{"version": 2, "relation": "volume", "where": {"op": "==", "field": "patient_id", "value": "patient/DA00001"}, "select": ["identifier"]};
SELECT
  "volume"."identifier"
FROM (
  SELECT
    "identifier",
    "patient_id"
  FROM "vxdata"."volume"
  WHERE
    NOT "tombstone"
) AS "volume"
WHERE
  "volume"."patient_id" = 'patient/DA00001';
-- duckdb: the same

-- title: of a study
{"version": 2, "relation": "volume", "where": {"op": "==", "field": "study_id", "value": "imagingstudy/DA00001/study-1"}, "select": ["identifier"]};
SELECT
  "volume"."identifier"
FROM (
  SELECT
    "identifier",
    "study_id"
  FROM "vxdata"."volume"
  WHERE
    NOT "tombstone"
) AS "volume"
WHERE
  "volume"."study_id" = 'imagingstudy/DA00001/study-1';
-- duckdb: the same

-- title: of any ancestor
{"version": 2, "relation": "volume", "where": {"op": "has_ancestor", "identifier": "datasource/dasa"}, "select": ["identifier"]};
WITH "below_by_datasource_id" AS (
  WITH RECURSIVE climb(relative, identifier) AS (
    SELECT
      few.identifier,
      above.identifier
    FROM (VALUES
      (0)) AS start
    CROSS JOIN LATERAL (
      SELECT
        UNNEST(
          ARRAY(
            SELECT
              child.identifier
            FROM (
              SELECT
                "identifier",
                "parent_identifier"
              FROM "vxdata"."datasource"
            ) AS "child"
            WHERE
              child.parent_identifier IS NOT NULL
          )
        ) AS identifier
    ) AS few
    CROSS JOIN LATERAL (
      SELECT
        UNNEST(
          ARRAY(
            SELECT
              child.parent_identifier AS identifier
            FROM (
              SELECT
                "identifier",
                "parent_identifier"
              FROM "vxdata"."datasource"
            ) AS "child"
            WHERE
              child.identifier = few.identifier
          )
        ) AS identifier
    ) AS above
    UNION
    SELECT
      climb.relative,
      next.identifier
    FROM climb
    CROSS JOIN LATERAL (
      SELECT
        UNNEST(
          ARRAY(
            SELECT
              parent.parent_identifier AS identifier
            FROM (
              SELECT
                "identifier",
                "parent_identifier",
                "datasource_id"
              FROM (
                SELECT
                  "identifier",
                  "parent_identifier",
                  "datasource_id",
                  "tombstone"
                FROM "vxdata"."patient"
                UNION ALL
                SELECT
                  "identifier",
                  "parent_identifier",
                  "datasource_id",
                  "tombstone"
                FROM "vxdata"."imagingstudy"
                UNION ALL
                SELECT
                  "identifier",
                  "parent_identifier",
                  "datasource_id",
                  "tombstone"
                FROM "vxdata"."volume"
                UNION ALL
                SELECT
                  "identifier",
                  "parent_identifier",
                  "datasource_id",
                  "tombstone"
                FROM "vxdata"."histomap"
                UNION ALL
                SELECT
                  "identifier",
                  "parent_identifier",
                  "datasource_id",
                  "tombstone"
                FROM "vxdata"."pathologyspecimen"
                UNION ALL
                SELECT
                  "identifier",
                  "parent_identifier",
                  "datasource_id",
                  "tombstone"
                FROM "vxdata"."pathologyassessment"
                UNION ALL
                SELECT
                  "identifier",
                  "parent_identifier",
                  "datasource_id",
                  "tombstone"
                FROM "vxdata"."piradsassessment"
                UNION ALL
                SELECT
                  "identifier",
                  "parent_identifier",
                  "datasource_id",
                  "tombstone"
                FROM "vxdata"."psameasurement"
                UNION ALL
                SELECT
                  "identifier",
                  "parent_identifier",
                  "datasource_id",
                  "tombstone"
                FROM "vxdata"."diagnosticreport"
                UNION ALL
                SELECT
                  "identifier",
                  "parent_identifier",
                  "datasource_id",
                  "tombstone"
                FROM "vxdata"."annotationsession"
                UNION ALL
                SELECT
                  "identifier",
                  "parent_identifier",
                  "datasource_id",
                  "tombstone"
                FROM "vxdata"."vxannotatecaserecord"
                UNION ALL
                SELECT
                  "identifier",
                  "parent_identifier",
                  "datasource_id",
                  "tombstone"
                FROM "vxdata"."artefact"
                UNION ALL
                SELECT
                  "identifier",
                  "parent_identifier",
                  "datasource_id",
                  "tombstone"
                FROM "vxdata"."benchmarking"
              ) AS "versions"
              WHERE
                "tombstone"
            ) AS "parent"
            WHERE
              parent.identifier = climb.identifier AND parent.parent_identifier IS NOT NULL
          )
        ) AS identifier
    ) AS next
  ), pairs(relative, identifier) AS (
    SELECT
      climb.relative,
      next.identifier
    FROM climb
    CROSS JOIN LATERAL (
      SELECT
        UNNEST(
          ARRAY(
            SELECT
              "parent"."datasource_id" AS identifier
            FROM (
              SELECT
                "identifier",
                "parent_identifier",
                "datasource_id"
              FROM (
                SELECT
                  "identifier",
                  "parent_identifier",
                  "datasource_id",
                  "tombstone"
                FROM "vxdata"."patient"
                UNION ALL
                SELECT
                  "identifier",
                  "parent_identifier",
                  "datasource_id",
                  "tombstone"
                FROM "vxdata"."imagingstudy"
                UNION ALL
                SELECT
                  "identifier",
                  "parent_identifier",
                  "datasource_id",
                  "tombstone"
                FROM "vxdata"."volume"
                UNION ALL
                SELECT
                  "identifier",
                  "parent_identifier",
                  "datasource_id",
                  "tombstone"
                FROM "vxdata"."histomap"
                UNION ALL
                SELECT
                  "identifier",
                  "parent_identifier",
                  "datasource_id",
                  "tombstone"
                FROM "vxdata"."pathologyspecimen"
                UNION ALL
                SELECT
                  "identifier",
                  "parent_identifier",
                  "datasource_id",
                  "tombstone"
                FROM "vxdata"."pathologyassessment"
                UNION ALL
                SELECT
                  "identifier",
                  "parent_identifier",
                  "datasource_id",
                  "tombstone"
                FROM "vxdata"."piradsassessment"
                UNION ALL
                SELECT
                  "identifier",
                  "parent_identifier",
                  "datasource_id",
                  "tombstone"
                FROM "vxdata"."psameasurement"
                UNION ALL
                SELECT
                  "identifier",
                  "parent_identifier",
                  "datasource_id",
                  "tombstone"
                FROM "vxdata"."diagnosticreport"
                UNION ALL
                SELECT
                  "identifier",
                  "parent_identifier",
                  "datasource_id",
                  "tombstone"
                FROM "vxdata"."annotationsession"
                UNION ALL
                SELECT
                  "identifier",
                  "parent_identifier",
                  "datasource_id",
                  "tombstone"
                FROM "vxdata"."vxannotatecaserecord"
                UNION ALL
                SELECT
                  "identifier",
                  "parent_identifier",
                  "datasource_id",
                  "tombstone"
                FROM "vxdata"."artefact"
                UNION ALL
                SELECT
                  "identifier",
                  "parent_identifier",
                  "datasource_id",
                  "tombstone"
                FROM "vxdata"."benchmarking"
              ) AS "versions"
              WHERE
                NOT "tombstone"
            ) AS "parent"
            WHERE
              parent.identifier = climb.identifier
            UNION ALL
            SELECT
              parent.identifier
            FROM (
              SELECT
                "identifier",
                "parent_identifier",
                "datasource_id"
              FROM "vxdata"."datasource"
            ) AS "parent"
            WHERE
              parent.identifier = climb.identifier
          )
        ) AS identifier
    ) AS next
  ), families(identifier, relatives) AS (
    SELECT
      pairs.identifier,
      ARRAY_AGG(pairs.relative)
    FROM pairs
    GROUP BY
      pairs.identifier
  ), found(root, identifier) AS (
    SELECT
      roots.root,
      roots.root
    FROM (VALUES
      (CAST('datasource/dasa' AS TEXT) COLLATE "C")) AS roots(root)
    UNION
    SELECT
      found.root,
      UNNEST(families.relatives)
    FROM found
    JOIN families
      ON families.identifier = found.identifier
  )
  SELECT
    root,
    ARRAY_AGG(identifier) AS identifiers
  FROM found
  GROUP BY
    root
)
SELECT
  "volume"."identifier"
FROM (
  SELECT
    "identifier",
    "datasource_id"
  FROM "vxdata"."volume"
  WHERE
    NOT "tombstone"
) AS "volume"
WHERE
  "volume"."datasource_id" = ANY(
    COALESCE(
      (
        SELECT
          "identifiers"
        FROM "below_by_datasource_id"
        WHERE
          "root" = CAST('datasource/dasa' AS TEXT) COLLATE "C"
      ),
      CAST(ARRAY[] AS TEXT[])
    )
  )
  AND "volume"."identifier" <> 'datasource/dasa';
-- duckdb: none, because conditions on ancestors follow an index

-- title: combined
{"version": 2, "relation": "volume", "where": {"op": "and", "terms": [{"op": "==", "field": "datasource_id", "value": "datasource/dasa"}, {"op": "==", "field": "volume_type", "value": "T2"}, {"op": "==", "field": "image_plane", "value": "transversal"}]}, "select": ["identifier"]};
SELECT
  "volume"."identifier"
FROM (
  SELECT
    "identifier",
    "datasource_id",
    "volume_type",
    "image_plane"
  FROM "vxdata"."volume"
  WHERE
    NOT "tombstone"
) AS "volume"
WHERE
  "volume"."datasource_id" = 'datasource/dasa'
  AND "volume"."volume_type" = 'T2'
  AND "volume"."image_plane" = 'transversal';
-- duckdb: the same
