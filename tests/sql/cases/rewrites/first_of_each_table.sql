-- title: the first rows of the past come from two tables
-- as_of: 2024-02-29T12:00:00.000001+00:00
{"version": 2, "relation": "artefact", "where": {"op": "==", "field": "license", "value": "CC BY 4.0"}, "order_by": [{"field": "license"}], "limit": 2};
SELECT
  "artefact"."identifier"
FROM (
  SELECT
    "identifier",
    "license"
  FROM (
    SELECT
      "identifier",
      "license",
      "tombstone",
      "valid_from",
      "valid_to"
    FROM "vxdata"."artefact"
    UNION ALL
    SELECT
      "identifier",
      "license",
      "tombstone",
      "valid_from",
      "valid_to"
    FROM "vxdata"."artefact_history"
  ) AS "versions"
  WHERE
    NOT "tombstone"
    AND "valid_from" <= CAST('2024-02-29T12:00:00.000001+00:00' AS TIMESTAMPTZ)
    AND (
      "valid_to" IS NULL
      OR "valid_to" > CAST('2024-02-29T12:00:00.000001+00:00' AS TIMESTAMPTZ)
    )
) AS "artefact"
WHERE
  "artefact"."license" = 'CC BY 4.0'
ORDER BY
  "artefact"."license" ASC,
  "artefact"."identifier" ASC
LIMIT 2;
-- duckdb:
SELECT
  "artefact"."identifier"
FROM (
  (
    SELECT
      *
    FROM (
      SELECT
        "identifier",
        "license"
      FROM (
        SELECT
          "identifier",
          "license",
          "tombstone",
          "valid_from",
          "valid_to"
        FROM "vxdata"."artefact"
      ) AS "versions"
      WHERE
        NOT "tombstone"
        AND "valid_from" <= CAST('2024-02-29T12:00:00.000001+00:00' AS TIMESTAMPTZ)
        AND (
          "valid_to" IS NULL
          OR "valid_to" > CAST('2024-02-29T12:00:00.000001+00:00' AS TIMESTAMPTZ)
        )
    ) AS "artefact"
    WHERE
      "artefact"."license" = 'CC BY 4.0'
    ORDER BY
      "artefact"."license" ASC,
      "artefact"."identifier" ASC
    LIMIT 2
  )
  UNION ALL
  (
    SELECT
      *
    FROM (
      SELECT
        "identifier",
        "license"
      FROM (
        SELECT
          "identifier",
          "license",
          "tombstone",
          "valid_from",
          "valid_to"
        FROM "vxdata"."artefact_history"
      ) AS "versions"
      WHERE
        NOT "tombstone"
        AND "valid_from" <= CAST('2024-02-29T12:00:00.000001+00:00' AS TIMESTAMPTZ)
        AND (
          "valid_to" IS NULL
          OR "valid_to" > CAST('2024-02-29T12:00:00.000001+00:00' AS TIMESTAMPTZ)
        )
    ) AS "artefact"
    WHERE
      "artefact"."license" = 'CC BY 4.0'
    ORDER BY
      "artefact"."license" ASC,
      "artefact"."identifier" ASC
    LIMIT 2
  )
) AS "artefact"
ORDER BY
  "artefact"."license" ASC,
  "artefact"."identifier" ASC
LIMIT 2;

-- title: one table is read as it is
{"version": 2, "relation": "artefact", "order_by": [{"field": "license"}], "limit": 2};
SELECT
  "artefact"."identifier"
FROM (
  SELECT
    "identifier",
    "license"
  FROM "vxdata"."artefact"
  WHERE
    NOT "tombstone"
) AS "artefact"
ORDER BY
  "artefact"."license" ASC,
  "artefact"."identifier" ASC
LIMIT 2;
-- duckdb: the same

-- title: rows behind others may be anywhere
-- as_of: 2024-02-29T12:00:00.000001+00:00
{"version": 2, "relation": "artefact", "order_by": [{"field": "license"}], "limit": 2, "offset": 1};
SELECT
  "artefact"."identifier"
FROM (
  SELECT
    "identifier",
    "license"
  FROM (
    SELECT
      "identifier",
      "license",
      "tombstone",
      "valid_from",
      "valid_to"
    FROM "vxdata"."artefact"
    UNION ALL
    SELECT
      "identifier",
      "license",
      "tombstone",
      "valid_from",
      "valid_to"
    FROM "vxdata"."artefact_history"
  ) AS "versions"
  WHERE
    NOT "tombstone"
    AND "valid_from" <= CAST('2024-02-29T12:00:00.000001+00:00' AS TIMESTAMPTZ)
    AND (
      "valid_to" IS NULL
      OR "valid_to" > CAST('2024-02-29T12:00:00.000001+00:00' AS TIMESTAMPTZ)
    )
) AS "artefact"
ORDER BY
  "artefact"."license" ASC,
  "artefact"."identifier" ASC
LIMIT 2
OFFSET 1;
-- duckdb: the same

-- title: a condition that asks another query is worked out once
-- as_of: 2024-02-29T12:00:00.000001+00:00
{"version": 2, "relation": "artefact", "where": {"op": "is_in_query", "field": "license", "query": {"relation": "artefact", "select": "license"}}, "limit": 2};
SELECT
  "artefact"."identifier"
FROM (
  SELECT
    "identifier",
    "license"
  FROM (
    SELECT
      "identifier",
      "license",
      "tombstone",
      "valid_from",
      "valid_to"
    FROM "vxdata"."artefact"
    UNION ALL
    SELECT
      "identifier",
      "license",
      "tombstone",
      "valid_from",
      "valid_to"
    FROM "vxdata"."artefact_history"
  ) AS "versions"
  WHERE
    NOT "tombstone"
    AND "valid_from" <= CAST('2024-02-29T12:00:00.000001+00:00' AS TIMESTAMPTZ)
    AND (
      "valid_to" IS NULL
      OR "valid_to" > CAST('2024-02-29T12:00:00.000001+00:00' AS TIMESTAMPTZ)
    )
) AS "artefact"
WHERE
  "artefact"."license" IN (
    SELECT
      "artefact"."license"
    FROM (
      SELECT
        "identifier",
        "license"
      FROM (
        SELECT
          "identifier",
          "license",
          "tombstone",
          "valid_from",
          "valid_to"
        FROM "vxdata"."artefact"
        UNION ALL
        SELECT
          "identifier",
          "license",
          "tombstone",
          "valid_from",
          "valid_to"
        FROM "vxdata"."artefact_history"
      ) AS "versions"
      WHERE
        NOT "tombstone"
        AND "valid_from" <= CAST('2024-02-29T12:00:00.000001+00:00' AS TIMESTAMPTZ)
        AND (
          "valid_to" IS NULL
          OR "valid_to" > CAST('2024-02-29T12:00:00.000001+00:00' AS TIMESTAMPTZ)
        )
    ) AS "artefact"
    WHERE
      NOT "artefact"."license" IS NULL
  )
ORDER BY
  "artefact"."identifier" ASC
LIMIT 2;
-- duckdb: the same

-- title: all versions
{"version": 2, "relation": "artefact", "history": true, "order_by": [{"field": "version", "descending": true}], "limit": 2};
SELECT
  "artefact"."identifier"
FROM (
  SELECT
    "identifier",
    "version"
  FROM (
    SELECT
      "identifier",
      "version",
      "valid_from"
    FROM "vxdata"."artefact"
    UNION ALL
    SELECT
      "identifier",
      "version",
      "valid_from"
    FROM "vxdata"."artefact_history"
  ) AS "versions"
  WHERE
    "valid_from" <= CAST('2025-01-01T00:00:00.000000+00:00' AS TIMESTAMPTZ)
) AS "artefact"
ORDER BY
  "artefact"."version" DESC,
  "artefact"."identifier" ASC
LIMIT 2;
-- duckdb:
SELECT
  "artefact"."identifier"
FROM (
  (
    SELECT
      *
    FROM (
      SELECT
        "identifier",
        "version"
      FROM (
        SELECT
          "identifier",
          "version",
          "valid_from"
        FROM "vxdata"."artefact"
      ) AS "versions"
      WHERE
        "valid_from" <= CAST('2025-01-01T00:00:00.000000+00:00' AS TIMESTAMPTZ)
    ) AS "artefact"
    ORDER BY
      "artefact"."version" DESC NULLS FIRST,
      "artefact"."identifier" ASC
    LIMIT 2
  )
  UNION ALL
  (
    SELECT
      *
    FROM (
      SELECT
        "identifier",
        "version"
      FROM (
        SELECT
          "identifier",
          "version",
          "valid_from"
        FROM "vxdata"."artefact_history"
      ) AS "versions"
      WHERE
        "valid_from" <= CAST('2025-01-01T00:00:00.000000+00:00' AS TIMESTAMPTZ)
    ) AS "artefact"
    ORDER BY
      "artefact"."version" DESC NULLS FIRST,
      "artefact"."identifier" ASC
    LIMIT 2
  )
) AS "artefact"
ORDER BY
  "artefact"."version" DESC NULLS FIRST,
  "artefact"."identifier" ASC
LIMIT 2;
