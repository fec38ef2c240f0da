-- title: all rows
{"version": 1, "resource_type": "volume"};
SELECT "volume"."identifier" FROM "vxdata_unresolved"."volume" AS "volume";

-- title: a limit
{"version": 1, "resource_type": "volume", "limit": 2};
SELECT "volume"."identifier" FROM "vxdata_unresolved"."volume" AS "volume" LIMIT 2;

-- title: no rows at all
{"version": 1, "resource_type": "volume", "limit": 0};
SELECT "volume"."identifier" FROM "vxdata_unresolved"."volume" AS "volume" LIMIT 0;

-- title: an offset alone
{"version": 1, "resource_type": "volume", "offset": 1};
SELECT "volume"."identifier" FROM "vxdata_unresolved"."volume" AS "volume" OFFSET 1;

-- title: a page
{"version": 1, "resource_type": "volume", "limit": 1, "offset": 1};
SELECT "volume"."identifier" FROM "vxdata_unresolved"."volume" AS "volume" LIMIT 1 OFFSET 1;

-- title: the largest numbers
{"version": 1, "resource_type": "volume", "limit": 9223372036854775807, "offset": 9223372036854775807};
SELECT "volume"."identifier" FROM "vxdata_unresolved"."volume" AS "volume" LIMIT 9223372036854775807 OFFSET 9223372036854775807;
