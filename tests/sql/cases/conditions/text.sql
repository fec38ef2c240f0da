-- title: every character stands for itself
{"version": 2, "relation": "volume", "where": {"op": "and", "terms": [{"op": "contains", "field": "series_description", "text": "50%_'\\"}, {"op": "startswith", "field": "identifier", "text": "volume/1."}, {"op": "endswith", "field": "series_description", "text": "*"}]}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  STRPOS("volume"."series_description", '50%_''\') > 0
  AND STARTS_WITH("volume"."identifier", 'volume/1.')
  AND RIGHT("volume"."series_description", LENGTH('*')) = '*';
-- duckdb:
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  CONTAINS("volume"."series_description", '50%_''\')
  AND STARTS_WITH("volume"."identifier", 'volume/1.')
  AND ENDS_WITH("volume"."series_description", '*');

-- title: case does not matter
{"version": 2, "relation": "volume", "where": {"op": "or", "terms": [{"op": "equals", "field": "series_description", "text": "ÄX t2", "ignore_case": true}, {"op": "contains", "field": "series_description", "text": "T2", "ignore_case": true}, {"op": "startswith", "field": "series_description", "text": "T2", "ignore_case": true}, {"op": "endswith", "field": "series_description", "text": "T2", "ignore_case": true}]}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  VXDATA.FOLD("volume"."series_description") = VXDATA.FOLD('ÄX t2')
  OR STRPOS(VXDATA.FOLD("volume"."series_description"), VXDATA.FOLD('T2')) > 0
  OR STARTS_WITH(VXDATA.FOLD("volume"."series_description"), VXDATA.FOLD('T2'))
  OR RIGHT(VXDATA.FOLD("volume"."series_description"), LENGTH(VXDATA.FOLD('T2'))) = VXDATA.FOLD('T2');
-- duckdb:
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  VXDATA.FOLD("volume"."series_description") = VXDATA.FOLD('ÄX t2')
  OR CONTAINS(VXDATA.FOLD("volume"."series_description"), VXDATA.FOLD('T2'))
  OR STARTS_WITH(VXDATA.FOLD("volume"."series_description"), VXDATA.FOLD('T2'))
  OR ENDS_WITH(VXDATA.FOLD("volume"."series_description"), VXDATA.FOLD('T2'));

-- title: regular expressions
{"version": 2, "relation": "volume", "where": {"op": "or", "terms": [{"op": "matches", "field": "series_description", "text": "^[AÄ]x\\s+T[12]'"}, {"op": "matches", "field": "series_description", "text": "flair", "ignore_case": true}]}};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
WHERE
  VXDATA.MATCHES("volume"."series_description", '^[AÄ]x\s+T[12]''')
  OR VXDATA.MATCHES_ANY_CASE("volume"."series_description", 'flair');
-- duckdb: none, because a regular expression has parts that depend on the engine

-- title: an entry of a mapping
{"version": 2, "relation": "datasource", "where": {"op": "startswith", "field": "external_identifiers", "key": "ClinicalTrials.gov", "text": "NCT"}};
SELECT
  "datasource"."identifier"
FROM "vxdata_unresolved"."datasource" AS "datasource"
WHERE
  STARTS_WITH(
    JSONB_EXTRACT_PATH_TEXT("datasource"."external_identifiers", 'ClinicalTrials.gov') COLLATE "C",
    'NCT'
  );
-- duckdb:
SELECT
  "datasource"."identifier"
FROM "vxdata_unresolved"."datasource" AS "datasource"
WHERE
  STARTS_WITH(
    MAP_EXTRACT_VALUE("datasource"."external_identifiers", 'ClinicalTrials.gov'),
    'NCT'
  );
