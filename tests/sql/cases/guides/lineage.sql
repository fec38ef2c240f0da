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

-- title: of any ancestor
{"version": 2, "relation": "volume", "where": {"op": "has_ancestor", "identifier": "datasource/dasa"}, "select": ["identifier"]};
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
    ARRAY(
      WITH RECURSIVE climb(relative, identifier) AS (
        SELECT
          child.identifier,
          child.parent_identifier
        FROM (
          SELECT
            "identifier",
            "parent_identifier"
          FROM "vxdata"."datasource"
        ) AS "child"
        WHERE
          child.parent_identifier IS NOT NULL
        UNION
        SELECT
          climb.relative,
          next.parent_identifier
        FROM climb
        CROSS JOIN LATERAL (
          SELECT
            parent.parent_identifier
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
          OFFSET 0
        ) AS next
      ), pairs(relative, identifier) AS (
        SELECT
          climb.relative,
          next.identifier
        FROM climb
        CROSS JOIN LATERAL (
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
          OFFSET 0
        ) AS next
      ), family(identifier) AS (
        SELECT
          CAST('datasource/dasa' AS TEXT) COLLATE "C"
        UNION
        SELECT
          pairs.relative
        FROM pairs
        JOIN family
          ON family.identifier = pairs.identifier
      )
      SELECT
        identifier
      FROM family
    )
  )
  AND "volume"."identifier" <> 'datasource/dasa';

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
