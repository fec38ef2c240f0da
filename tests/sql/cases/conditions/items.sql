-- title: some of a few items, all of some items
{"version": 2, "relation": "volume", "where": {"op": "and", "terms": [{"op": "contains_any", "field": "derived_from", "values": ["volume/a", "say \"b\""]}, {"op": "contains_all", "field": "derived_from", "values": ["volume/a", "volume/b"]}]}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  "volume"."derived_from" && CAST('{"volume/a","say \"b\""}' AS TEXT[])
  AND "volume"."derived_from" @> CAST('{"volume/a","volume/b"}' AS TEXT[]);
-- duckdb:
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  LIST_HAS_ANY("volume"."derived_from", CAST(['volume/a', 'say "b"'] AS TEXT[]))
  AND LIST_HAS_ALL("volume"."derived_from", CAST(['volume/a', 'volume/b'] AS TEXT[]));

-- title: some of many items, which are hashed
{"version": 2, "relation": "volume", "where": {"op": "contains_any", "field": "derived_from", "values": ["volume/00", "volume/01", "volume/02", "volume/03", "volume/04", "volume/05", "volume/06", "volume/07", "volume/08", "volume/09", "volume/10", "volume/11", "volume/12", "volume/13", "volume/14", "volume/15", "volume/16", "volume/17", "volume/18", "volume/19", "volume/20"]}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  EXISTS(
    SELECT
      1
    FROM UNNEST("volume"."derived_from") AS "items"("item")
    WHERE
      "items"."item" = ANY(
        CAST('{"volume/00","volume/01","volume/02","volume/03","volume/04","volume/05","volume/06","volume/07","volume/08","volume/09","volume/10","volume/11","volume/12","volume/13","volume/14","volume/15","volume/16","volume/17","volume/18","volume/19","volume/20"}' AS TEXT[])
      )
  );
-- duckdb:
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  LIST_HAS_ANY(
    "volume"."derived_from",
    CAST([
      'volume/00',
      'volume/01',
      'volume/02',
      'volume/03',
      'volume/04',
      'volume/05',
      'volume/06',
      'volume/07',
      'volume/08',
      'volume/09',
      'volume/10',
      'volume/11',
      'volume/12',
      'volume/13',
      'volume/14',
      'volume/15',
      'volume/16',
      'volume/17',
      'volume/18',
      'volume/19',
      'volume/20'
    ] AS TEXT[])
  );

-- title: no item of many
{"version": 2, "relation": "volume", "where": {"op": "not", "term": {"op": "contains_any", "field": "derived_from", "values": ["volume/00", "volume/01", "volume/02", "volume/03", "volume/04", "volume/05", "volume/06", "volume/07", "volume/08", "volume/09", "volume/10", "volume/11", "volume/12", "volume/13", "volume/14", "volume/15", "volume/16", "volume/17", "volume/18", "volume/19", "volume/20"]}}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  NOT (
    (
      (
        EXISTS(
          SELECT
            1
          FROM UNNEST("volume"."derived_from") AS "items"("item")
          WHERE
            "items"."item" = ANY(
              CAST('{"volume/00","volume/01","volume/02","volume/03","volume/04","volume/05","volume/06","volume/07","volume/08","volume/09","volume/10","volume/11","volume/12","volume/13","volume/14","volume/15","volume/16","volume/17","volume/18","volume/19","volume/20"}' AS TEXT[])
            )
        )
      )
      OR NULLIF("volume"."derived_from" IS NULL, TRUE)
    )
  );
-- duckdb:
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  NOT (
    LIST_HAS_ANY(
      "volume"."derived_from",
      CAST([
        'volume/00',
        'volume/01',
        'volume/02',
        'volume/03',
        'volume/04',
        'volume/05',
        'volume/06',
        'volume/07',
        'volume/08',
        'volume/09',
        'volume/10',
        'volume/11',
        'volume/12',
        'volume/13',
        'volume/14',
        'volume/15',
        'volume/16',
        'volume/17',
        'volume/18',
        'volume/19',
        'volume/20'
      ] AS TEXT[])
    )
  );

-- title: no items at all
{"version": 2, "relation": "volume", "where": {"op": "or", "terms": [{"op": "contains_any", "field": "derived_from", "values": []}, {"op": "contains_all", "field": "derived_from", "values": []}]}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  "volume"."derived_from" && CAST('{}' AS TEXT[])
  OR "volume"."derived_from" @> CAST('{}' AS TEXT[]);
-- duckdb:
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  LIST_HAS_ANY("volume"."derived_from", CAST([] AS TEXT[]))
  OR LIST_HAS_ALL("volume"."derived_from", CAST([] AS TEXT[]));

-- title: keys of a mapping
{"version": 2, "relation": "benchmarking", "where": {"op": "and", "terms": [{"op": "contains_any", "field": "summary_metrics", "values": ["auc", "dice"]}, {"op": "contains_all", "field": "summary_metrics", "values": ["auc"]}]}};
SELECT
  "benchmarking"."identifier"
FROM "vxdata_unresolved"."benchmarking" AS "benchmarking"
WHERE
  JSONB_EXISTS_ANY("benchmarking"."summary_metrics", CAST('{"auc","dice"}' AS TEXT[]))
  AND JSONB_EXISTS_ALL("benchmarking"."summary_metrics", CAST('{"auc"}' AS TEXT[]));
-- duckdb:
SELECT
  "benchmarking"."identifier"
FROM "vxdata_unresolved"."benchmarking" AS "benchmarking"
WHERE
  LIST_HAS_ANY(MAP_KEYS("benchmarking"."summary_metrics"), CAST(['auc', 'dice'] AS TEXT[]))
  AND LIST_HAS_ALL(MAP_KEYS("benchmarking"."summary_metrics"), CAST(['auc'] AS TEXT[]));
