-- title: equal rows once
{"version": 1, "resource_type": "volume", "select": ["volume_type"], "distinct": true};
SELECT DISTINCT "volume"."volume_type" FROM "vxdata_unresolved"."volume" AS "volume";

-- title: all rows
{"version": 1, "resource_type": "volume", "select": ["volume_type"]};
SELECT "volume"."volume_type" FROM "vxdata_unresolved"."volume" AS "volume";
