-- title: one of many
{"version": 2, "relation": "volume", "where": {"op": "is_in", "field": "volume_type", "values": ["T2", "ADC"]}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  "volume"."volume_type" IN ('T2', 'ADC');
-- duckdb: the same

-- title: one of none
{"version": 2, "relation": "volume", "where": {"op": "is_in", "field": "volume_type", "values": []}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  FALSE;
-- duckdb: the same

-- title: one of none, below a negation: unknown for a null
{"version": 2, "relation": "volume", "where": {"op": "not", "term": {"op": "is_in", "field": "volume_type", "values": []}}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  NOT (
    NULLIF("volume"."volume_type" IS NULL, TRUE)
  );
-- duckdb: the same

-- title: one of very many
{"version": 2, "relation": "volume", "where": {"op": "is_in", "field": "series_number", "values": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100]}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  "volume"."series_number" = ANY(
    CAST('{"0","1","2","3","4","5","6","7","8","9","10","11","12","13","14","15","16","17","18","19","20","21","22","23","24","25","26","27","28","29","30","31","32","33","34","35","36","37","38","39","40","41","42","43","44","45","46","47","48","49","50","51","52","53","54","55","56","57","58","59","60","61","62","63","64","65","66","67","68","69","70","71","72","73","74","75","76","77","78","79","80","81","82","83","84","85","86","87","88","89","90","91","92","93","94","95","96","97","98","99","100"}' AS BIGINT[])
  );
-- duckdb:
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  "volume"."series_number" IN (
    SELECT
      UNNEST(
        CAST(CAST(CAST('["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29", "30", "31", "32", "33", "34", "35", "36", "37", "38", "39", "40", "41", "42", "43", "44", "45", "46", "47", "48", "49", "50", "51", "52", "53", "54", "55", "56", "57", "58", "59", "60", "61", "62", "63", "64", "65", "66", "67", "68", "69", "70", "71", "72", "73", "74", "75", "76", "77", "78", "79", "80", "81", "82", "83", "84", "85", "86", "87", "88", "89", "90", "91", "92", "93", "94", "95", "96", "97", "98", "99", "100"]' AS JSON) AS TEXT[]) AS BIGINT[])
      )
  );

-- title: what another query finds
{"version": 2, "relation": "volume", "where": {"op": "is_in_query", "field": "study_id", "query": {"relation": "imagingstudy", "select": "identifier", "where": {"op": ">=", "field": "pi_qual", "value": 3}}}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  "volume"."study_id" IN (
    SELECT
      "imagingstudy"."identifier"
    FROM "vxdata_unresolved"."imagingstudy" AS "imagingstudy"
    WHERE
      "imagingstudy"."pi_qual" >= 3 AND NOT "imagingstudy"."identifier" IS NULL
  );
-- duckdb: the same

-- title: what another query finds, below a negation: a null is unknown, not absent
{"version": 2, "relation": "volume", "where": {"op": "not", "term": {"op": "is_in_query", "field": "volume_type", "query": {"relation": "volume", "select": "image_plane"}}}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  NOT (
    (
      (
        "volume"."volume_type" IN (
          SELECT
            "volume"."image_plane"
          FROM "vxdata_unresolved"."volume" AS "volume"
          WHERE
            NOT "volume"."image_plane" IS NULL
        )
      )
      OR NULLIF("volume"."volume_type" IS NULL, TRUE)
    )
  );
-- duckdb: the same

-- title: a list of which some item is found
{"version": 2, "relation": "volume", "where": {"op": "is_in_query", "field": "derived_from", "query": {"relation": "volume", "select": "identifier"}}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  EXISTS(
    SELECT
      1
    FROM UNNEST("volume"."derived_from") AS "items"("item")
    WHERE
      "items"."item" IN (
        SELECT
          "volume"."identifier"
        FROM "vxdata_unresolved"."volume" AS "volume"
        WHERE
          NOT "volume"."identifier" IS NULL
      )
  );
-- duckdb: the same

-- title: a list of which no item is found
{"version": 2, "relation": "volume", "where": {"op": "not", "term": {"op": "is_in_query", "field": "derived_from", "query": {"relation": "volume", "select": "identifier"}}}};
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
            "items"."item" IN (
              SELECT
                "volume"."identifier"
              FROM "vxdata_unresolved"."volume" AS "volume"
              WHERE
                NOT "volume"."identifier" IS NULL
            )
        )
      )
      OR NULLIF("volume"."derived_from" IS NULL, TRUE)
    )
  );
-- duckdb: the same

-- title: the items of a list that is found
{"version": 2, "relation": "volume", "where": {"op": "is_in_query", "field": "identifier", "query": {"relation": "volume", "select": "derived_from"}}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  "volume"."identifier" IN (
    SELECT
      UNNEST("volume"."derived_from")
    FROM "vxdata_unresolved"."volume" AS "volume"
    WHERE
      NOT "volume"."derived_from" IS NULL
  );
-- duckdb: the same

-- title: a part of what is found
{"version": 2, "relation": "volume", "where": {"op": "is_in_query", "field": "identifier", "query": {"relation": "volume", "select": "derived_from", "limit": 3, "offset": 1, "order_by": [{"field": "b_value", "descending": true}]}}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  "volume"."identifier" IN (
    SELECT
      UNNEST("found"."value")
    FROM (
      SELECT
        "volume"."derived_from" AS "value"
      FROM "vxdata_unresolved"."volume" AS "volume"
      ORDER BY
        "volume"."b_value" DESC NULLS LAST,
        "volume"."identifier" ASC
      LIMIT 3
      OFFSET 1
    ) AS found
    WHERE
      NOT "found"."value" IS NULL
  );
-- duckdb:
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  "volume"."identifier" IN (
    SELECT
      UNNEST("found"."value")
    FROM (
      SELECT
        "volume"."derived_from" AS "value"
      FROM "vxdata_unresolved"."volume" AS "volume"
      ORDER BY
        "volume"."b_value" + 0.0 DESC,
        "volume"."identifier" ASC
      LIMIT 3
      OFFSET 1
    ) AS found
    WHERE
      NOT "found"."value" IS NULL
  );

-- title: a query inside a query inside a query
{"version": 2, "relation": "volume", "where": {"op": "is_in_query", "field": "parent_identifier", "query": {"relation": "imagingstudy", "select": "identifier", "where": {"op": "is_in_query", "field": "patient_id", "query": {"relation": "patient", "select": "identifier", "where": {"op": "is_not_null", "field": "birth_year"}}}}}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  "volume"."parent_identifier" IN (
    SELECT
      "imagingstudy"."identifier"
    FROM "vxdata_unresolved"."imagingstudy" AS "imagingstudy"
    WHERE
      "imagingstudy"."patient_id" IN (
        SELECT
          "patient"."identifier"
        FROM "vxdata_unresolved"."patient" AS "patient"
        WHERE
          NOT "patient"."birth_year" IS NULL AND NOT "patient"."identifier" IS NULL
      )
      AND NOT "imagingstudy"."identifier" IS NULL
  );
-- duckdb: the same
