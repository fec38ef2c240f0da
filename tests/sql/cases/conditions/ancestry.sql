-- title: below a data source: by those that hang below it
{"version": 2, "relation": "volume", "where": {"op": "has_ancestor", "identifier": "datasource/a"}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  "volume"."datasource_id" = ANY(
    ARRAY(
      WITH RECURSIVE climb(relative, identifier) AS (
        SELECT
          child.identifier,
          child.parent_identifier
        FROM "vxdata_unresolved"."datasource:present" AS "child"
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
          FROM "vxdata_unresolved"."resource but datasource:deleted" AS "parent"
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
          FROM "vxdata_unresolved"."resource but datasource" AS "parent"
          WHERE
            parent.identifier = climb.identifier
          UNION ALL
          SELECT
            parent.identifier
          FROM "vxdata_unresolved"."datasource:present" AS "parent"
          WHERE
            parent.identifier = climb.identifier
          OFFSET 0
        ) AS next
      ), family(identifier) AS (
        SELECT
          CAST('datasource/a' AS TEXT) COLLATE "C"
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
  AND "volume"."identifier" <> 'datasource/a';

-- title: below a patient
{"version": 2, "relation": "volume", "where": {"op": "has_ancestor", "identifier": "patient/1"}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  "volume"."patient_id" = ANY(
    ARRAY(
      WITH RECURSIVE family(identifier) AS (
        SELECT
          CAST('patient/1' AS TEXT) COLLATE "C"
        UNION
        SELECT
          next.identifier
        FROM family
        CROSS JOIN LATERAL (
          SELECT
            child.identifier
          FROM "vxdata_unresolved"."patient:present" AS "child"
          WHERE
            child.parent_identifier = family.identifier
          UNION ALL
          SELECT
            child.identifier
          FROM "vxdata_unresolved"."resource but patient:deleted" AS "child"
          WHERE
            child.parent_identifier = family.identifier
          UNION ALL
          SELECT
            nephew.identifier
          FROM "vxdata_unresolved"."resource but patient" AS "parent"
          CROSS JOIN LATERAL (
            SELECT
              child.identifier
            FROM "vxdata_unresolved"."patient:present" AS "child"
            WHERE
              child.parent_identifier = parent.identifier
            UNION ALL
            SELECT
              child.identifier
            FROM "vxdata_unresolved"."resource but patient:deleted" AS "child"
            WHERE
              child.parent_identifier = parent.identifier
            OFFSET 0
          ) AS nephew
          WHERE
            "parent"."patient_id" = family.identifier
          OFFSET 0
        ) AS next
      )
      SELECT
        identifier
      FROM family
    )
  )
  AND "volume"."identifier" <> 'patient/1';

-- title: below a resource that no lineage column names
{"version": 2, "relation": "resource", "where": {"op": "has_ancestor", "identifier": "volume/a"}};
SELECT
  "resource"."identifier"
FROM "vxdata_unresolved"."resource" AS "resource"
WHERE
  "resource"."identifier" = ANY(
    ARRAY(
      WITH RECURSIVE below(identifier) AS (
        SELECT
          child.identifier
        FROM "vxdata_unresolved"."resource:present" AS "child"
        WHERE
          child.parent_identifier = CAST('volume/a' AS TEXT)
        UNION
        SELECT
          next.identifier
        FROM below
        CROSS JOIN LATERAL (
          SELECT
            child.identifier
          FROM "vxdata_unresolved"."resource:present" AS "child"
          WHERE
            child.parent_identifier = below.identifier
          OFFSET 0
        ) AS next
      )
      SELECT
        identifier
      FROM below
    )
  );

-- title: above a resource
{"version": 2, "relation": "resource", "where": {"op": "has_descendant", "identifier": "volume/a"}};
SELECT
  "resource"."identifier"
FROM "vxdata_unresolved"."resource" AS "resource"
WHERE
  "resource"."identifier" = ANY(
    ARRAY(
      WITH RECURSIVE above(identifier) AS (
        SELECT
          child.parent_identifier
        FROM "vxdata_unresolved"."resource:present" AS "child"
        WHERE
          child.identifier = CAST('volume/a' AS TEXT)
          AND child.parent_identifier IS NOT NULL
        UNION
        SELECT
          next.parent_identifier
        FROM above
        CROSS JOIN LATERAL (
          SELECT
            child.parent_identifier
          FROM "vxdata_unresolved"."resource:present" AS "child"
          WHERE
            child.identifier = above.identifier AND child.parent_identifier IS NOT NULL
          OFFSET 0
        ) AS next
      )
      SELECT
        identifier
      FROM above
    )
  );

-- title: not below a study
{"version": 2, "relation": "volume", "where": {"op": "not", "term": {"op": "has_ancestor", "identifier": "imagingstudy/a"}}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  NOT (
    COALESCE(
      "volume"."study_id" = ANY(
        ARRAY(
          WITH RECURSIVE family(identifier) AS (
            SELECT
              CAST('imagingstudy/a' AS TEXT) COLLATE "C"
            UNION
            SELECT
              next.identifier
            FROM family
            CROSS JOIN LATERAL (
              SELECT
                child.identifier
              FROM "vxdata_unresolved"."imagingstudy:present" AS "child"
              WHERE
                child.parent_identifier = family.identifier
              UNION ALL
              SELECT
                child.identifier
              FROM "vxdata_unresolved"."resource but imagingstudy:deleted" AS "child"
              WHERE
                child.parent_identifier = family.identifier
              UNION ALL
              SELECT
                nephew.identifier
              FROM "vxdata_unresolved"."resource but imagingstudy" AS "parent"
              CROSS JOIN LATERAL (
                SELECT
                  child.identifier
                FROM "vxdata_unresolved"."imagingstudy:present" AS "child"
                WHERE
                  child.parent_identifier = parent.identifier
                UNION ALL
                SELECT
                  child.identifier
                FROM "vxdata_unresolved"."resource but imagingstudy:deleted" AS "child"
                WHERE
                  child.parent_identifier = parent.identifier
                OFFSET 0
              ) AS nephew
              WHERE
                "parent"."study_id" = family.identifier
              OFFSET 0
            ) AS next
          )
          SELECT
            identifier
          FROM family
        )
      ),
      FALSE
    )
    AND "volume"."identifier" <> 'imagingstudy/a'
  );
