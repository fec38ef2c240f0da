-- title: all rows
{"version": 2, "relation": "volume"};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume";
-- duckdb: the same

-- title: a limit
{"version": 2, "relation": "volume", "limit": 2};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
LIMIT 2;
-- duckdb: the same

-- title: no rows at all
{"version": 2, "relation": "volume", "limit": 0};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
LIMIT 0;
-- duckdb: the same

-- title: an offset alone
{"version": 2, "relation": "volume", "offset": 1};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
OFFSET 1;
-- duckdb: the same

-- title: a page
{"version": 2, "relation": "volume", "limit": 1, "offset": 1};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
LIMIT 1
OFFSET 1;
-- duckdb: the same

-- title: the largest numbers
{"version": 2, "relation": "volume", "limit": 9223372036854775807, "offset": 9223372036854775807};
SELECT
  "volume"."identifier"
FROM "vxdata_unresolved"."volume" AS "volume"
LIMIT 9223372036854775807
OFFSET 9223372036854775807;
-- duckdb: the same
