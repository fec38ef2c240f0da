-- title: no condition on ancestors
{"version": 2, "relation": "volume", "where": {"op": "is_null", "field": "b_value"}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  "volume"."b_value" IS NULL;
-- duckdb: the same

-- title: two conditions that follow parents in the same way share a query, also that of a condition on groups
{"version": 2, "relation": "volume", "where": {"op": "has_ancestor", "identifier": "artefact/a"}, "group_by": ["patient_id"], "having": {"op": "is_in_query", "field": "patient_id", "query": {"relation": "patient", "select": "identifier", "where": {"op": "has_ancestor", "identifier": "artefact/b"}}}};
WITH "below" AS (
  WITH RECURSIVE found(root, identifier) AS (
    SELECT
      roots.root,
      roots.root
    FROM (VALUES
      (CAST('artefact/a' AS TEXT) COLLATE "C"),
      (CAST('artefact/b' AS TEXT) COLLATE "C")) AS roots(root)
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
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  "volume"."identifier" = ANY(
    COALESCE(
      (
        SELECT
          "identifiers"
        FROM "below"
        WHERE
          "root" = CAST('artefact/a' AS TEXT) COLLATE "C"
      ),
      CAST(ARRAY[] AS TEXT[])
    )
  )
  AND "volume"."identifier" <> 'artefact/a';
-- duckdb: none, because conditions on ancestors follow an index
