-- title: no predicate
{"version": 1, "resource_type": "volume"};
SELECT "volume"."identifier" FROM "vxdata_unresolved"."volume" AS "volume";

-- title: every comparison operator
{"version": 1, "resource_type": "volume", "where": {"op": "and", "terms": [{"op": "==", "field": "b_value", "value": 1400}, {"op": "!=", "field": "series_number", "value": 3}, {"op": "<", "field": "slice_thickness", "value": 3.5}, {"op": "<=", "field": "instance_count", "value": 30}, {"op": ">", "field": "series_number", "value": -1}, {"op": ">=", "field": "pixel_spacing", "value": 0}]}};
SELECT "volume"."identifier" FROM "vxdata_unresolved"."volume" AS "volume" WHERE "volume"."b_value" = CAST('1400.0' AS DOUBLE PRECISION) AND "volume"."series_number" <> 3 AND "volume"."slice_thickness" < CAST('3.5' AS DOUBLE PRECISION) AND "volume"."instance_count" <= 30 AND "volume"."series_number" > -1 AND "volume"."pixel_spacing" >= CAST('0.0' AS DOUBLE PRECISION);

-- title: text is quoted, whatever it holds
{"version": 1, "resource_type": "volume", "where": {"op": "==", "field": "series_description", "value": "O'Brien -- $1 %s \\ \"T2\""}};
SELECT "volume"."identifier" FROM "vxdata_unresolved"."volume" AS "volume" WHERE "volume"."series_description" = 'O''Brien -- $1 %s \ "T2"';

-- title: days and instants are typed; an instant is in UTC
{"version": 1, "resource_type": "volume", "where": {"op": "or", "terms": [{"op": ">=", "field": "series_date", "value": "2024-02-29"}, {"op": "<", "field": "acquisition_datetime", "value": "2024-02-29T12:00:00+01:00"}]}};
SELECT "volume"."identifier" FROM "vxdata_unresolved"."volume" AS "volume" WHERE "volume"."series_date" >= CAST('2024-02-29' AS DATE) OR "volume"."acquisition_datetime" < CAST('2024-02-29T11:00:00.000000+00:00' AS TIMESTAMPTZ);

-- title: true and false
{"version": 1, "resource_type": "volume", "where": {"op": "!=", "field": "is_contrast_enhanced", "value": true}};
SELECT "volume"."identifier" FROM "vxdata_unresolved"."volume" AS "volume" WHERE "volume"."is_contrast_enhanced" <> TRUE;

-- title: one of many
{"version": 1, "resource_type": "volume", "where": {"op": "is_in", "field": "volume_type", "values": ["T2", "ADC"]}};
SELECT "volume"."identifier" FROM "vxdata_unresolved"."volume" AS "volume" WHERE "volume"."volume_type" IN ('T2', 'ADC');

-- title: one of none
{"version": 1, "resource_type": "volume", "where": {"op": "is_in", "field": "volume_type", "values": []}};
SELECT "volume"."identifier" FROM "vxdata_unresolved"."volume" AS "volume" WHERE FALSE;

-- title: null, and not null, also of lists
{"version": 1, "resource_type": "volume", "where": {"op": "and", "terms": [{"op": "is_null", "field": "derived_from"}, {"op": "is_not_null", "field": "path_nii"}]}};
SELECT "volume"."identifier" FROM "vxdata_unresolved"."volume" AS "volume" WHERE "volume"."derived_from" IS NULL AND NOT "volume"."path_nii" IS NULL;

-- title: nesting keeps its meaning
{"version": 1, "resource_type": "volume", "where": {"op": "and", "terms": [{"op": "or", "terms": [{"op": "==", "field": "volume_type", "value": "T2"}, {"op": "and", "terms": [{"op": "==", "field": "volume_type", "value": "DWI"}, {"op": ">", "field": "b_value", "value": 1000}]}]}, {"op": "or", "terms": [{"op": "==", "field": "datasource_id", "value": "datasource/a"}]}]}};
SELECT "volume"."identifier" FROM "vxdata_unresolved"."volume" AS "volume" WHERE ("volume"."volume_type" = 'T2' OR ("volume"."volume_type" = 'DWI' AND "volume"."b_value" > CAST('1000.0' AS DOUBLE PRECISION))) AND "volume"."datasource_id" = 'datasource/a';
