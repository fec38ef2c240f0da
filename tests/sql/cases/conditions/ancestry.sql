-- title: below a data source: by those that hang below it
{"version": 2, "relation": "volume", "where": {"op": "has_ancestor", "identifier": "datasource/a"}};
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
            FROM "vxdata_unresolved"."datasource:present" AS "child"
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
            FROM "vxdata_unresolved"."datasource:present" AS "child"
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
            FROM "vxdata_unresolved"."resource but datasource:deleted" AS "parent"
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
            FROM "vxdata_unresolved"."resource but datasource" AS "parent"
            WHERE
              parent.identifier = climb.identifier
            UNION ALL
            SELECT
              parent.identifier
            FROM "vxdata_unresolved"."datasource:present" AS "parent"
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
      (CAST('datasource/a' AS TEXT) COLLATE "C")) AS roots(root)
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
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  "volume"."datasource_id" = ANY(
    COALESCE(
      (
        SELECT
          "identifiers"
        FROM "below_by_datasource_id"
        WHERE
          "root" = CAST('datasource/a' AS TEXT) COLLATE "C"
      ),
      CAST(ARRAY[] AS TEXT[])
    )
  )
  AND "volume"."identifier" <> 'datasource/a';
-- duckdb: none, because conditions on ancestors follow an index

-- title: below a patient
{"version": 2, "relation": "volume", "where": {"op": "has_ancestor", "identifier": "patient/1"}};
WITH "below_by_patient_id" AS (
  WITH RECURSIVE found(root, identifier) AS (
    SELECT
      roots.root,
      roots.root
    FROM (VALUES
      (CAST('patient/1' AS TEXT) COLLATE "C")) AS roots(root)
    UNION
    SELECT
      found.root,
      next.identifier
    FROM found
    CROSS JOIN LATERAL (
      SELECT
        UNNEST(
          ARRAY(
            SELECT
              child.identifier
            FROM "vxdata_unresolved"."patient:present" AS "child"
            WHERE
              child.parent_identifier = found.identifier
            UNION ALL
            SELECT
              child.identifier
            FROM "vxdata_unresolved"."resource but patient:deleted" AS "child"
            WHERE
              child.parent_identifier = found.identifier
            UNION ALL
            SELECT
              nephew.identifier
            FROM "vxdata_unresolved"."resource but patient" AS "parent"
            CROSS JOIN LATERAL (
              SELECT
                UNNEST(
                  ARRAY(
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
                  )
                ) AS identifier
            ) AS nephew
            WHERE
              "parent"."patient_id" = found.identifier
          )
        ) AS identifier
    ) AS next
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
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  "volume"."patient_id" = ANY(
    COALESCE(
      (
        SELECT
          "identifiers"
        FROM "below_by_patient_id"
        WHERE
          "root" = CAST('patient/1' AS TEXT) COLLATE "C"
      ),
      CAST(ARRAY[] AS TEXT[])
    )
  )
  AND "volume"."identifier" <> 'patient/1';
-- duckdb: none, because conditions on ancestors follow an index

-- title: below a resource that no lineage column names
{"version": 2, "relation": "resource", "where": {"op": "has_ancestor", "identifier": "volume/a"}};
WITH "below" AS (
  WITH RECURSIVE found(root, identifier) AS (
    SELECT
      roots.root,
      roots.root
    FROM (VALUES
      (CAST('volume/a' AS TEXT) COLLATE "C")) AS roots(root)
    UNION
    SELECT
      found.root,
      next.identifier
    FROM found
    CROSS JOIN LATERAL (
      SELECT
        UNNEST(
          ARRAY(
            SELECT
              child.identifier
            FROM "vxdata_unresolved"."resource:present" AS "child"
            WHERE
              child.parent_identifier = found.identifier
          )
        ) AS identifier
    ) AS next
  )
  SELECT
    root,
    ARRAY_AGG(identifier) AS identifiers
  FROM found
  GROUP BY
    root
)
SELECT
  "resource"."identifier"
FROM "vxdata_unresolved"."resource" AS "resource"
WHERE
  "resource"."identifier" = ANY(
    COALESCE(
      (
        SELECT
          "identifiers"
        FROM "below"
        WHERE
          "root" = CAST('volume/a' AS TEXT) COLLATE "C"
      ),
      CAST(ARRAY[] AS TEXT[])
    )
  )
  AND "resource"."identifier" <> 'volume/a';
-- duckdb: none, because conditions on ancestors follow an index

-- title: above a resource
{"version": 2, "relation": "resource", "where": {"op": "has_descendant", "identifier": "volume/a"}};
WITH "above" AS (
  WITH RECURSIVE found(root, identifier) AS (
    SELECT
      roots.root,
      roots.root
    FROM (VALUES
      (CAST('volume/a' AS TEXT) COLLATE "C")) AS roots(root)
    UNION
    SELECT
      found.root,
      next.identifier
    FROM found
    CROSS JOIN LATERAL (
      SELECT
        UNNEST(
          ARRAY(
            SELECT
              child.parent_identifier AS identifier
            FROM "vxdata_unresolved"."resource:present" AS "child"
            WHERE
              child.identifier = found.identifier AND child.parent_identifier IS NOT NULL
          )
        ) AS identifier
    ) AS next
  )
  SELECT
    root,
    ARRAY_AGG(identifier) AS identifiers
  FROM found
  GROUP BY
    root
)
SELECT
  "resource"."identifier"
FROM "vxdata_unresolved"."resource" AS "resource"
WHERE
  "resource"."identifier" = ANY(
    COALESCE(
      (
        SELECT
          "identifiers"
        FROM "above"
        WHERE
          "root" = CAST('volume/a' AS TEXT) COLLATE "C"
      ),
      CAST(ARRAY[] AS TEXT[])
    )
  )
  AND "resource"."identifier" <> 'volume/a';
-- duckdb: none, because conditions on ancestors follow an index

-- title: not below a study
{"version": 2, "relation": "volume", "where": {"op": "not", "term": {"op": "has_ancestor", "identifier": "imagingstudy/a"}}};
WITH "below_by_study_id" AS (
  WITH RECURSIVE found(root, identifier) AS (
    SELECT
      roots.root,
      roots.root
    FROM (VALUES
      (CAST('imagingstudy/a' AS TEXT) COLLATE "C")) AS roots(root)
    UNION
    SELECT
      found.root,
      next.identifier
    FROM found
    CROSS JOIN LATERAL (
      SELECT
        UNNEST(
          ARRAY(
            SELECT
              child.identifier
            FROM "vxdata_unresolved"."imagingstudy:present" AS "child"
            WHERE
              child.parent_identifier = found.identifier
            UNION ALL
            SELECT
              child.identifier
            FROM "vxdata_unresolved"."resource but imagingstudy:deleted" AS "child"
            WHERE
              child.parent_identifier = found.identifier
            UNION ALL
            SELECT
              nephew.identifier
            FROM "vxdata_unresolved"."resource but imagingstudy" AS "parent"
            CROSS JOIN LATERAL (
              SELECT
                UNNEST(
                  ARRAY(
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
                  )
                ) AS identifier
            ) AS nephew
            WHERE
              "parent"."study_id" = found.identifier
          )
        ) AS identifier
    ) AS next
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
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  NOT (
    COALESCE(
      "volume"."study_id" = ANY(
        COALESCE(
          (
            SELECT
              "identifiers"
            FROM "below_by_study_id"
            WHERE
              "root" = CAST('imagingstudy/a' AS TEXT) COLLATE "C"
          ),
          CAST(ARRAY[] AS TEXT[])
        )
      ),
      FALSE
    )
    AND "volume"."identifier" <> 'imagingstudy/a'
  );
-- duckdb: none, because conditions on ancestors follow an index
