-- title: nothing later was committed, so the latest versions are the answer
{"version": 1, "resource_type": "datasource"};
SELECT "datasource"."identifier" FROM (SELECT "identifier", "parent_identifier", "license", "datasource_id", "patient_id", "study_id", "valid_from", CAST(NULL AS TIMESTAMPTZ) AS "valid_to", "created_at", "version" FROM "vxdata"."datasource" WHERE NOT "tombstone") AS "datasource";

-- title: something later was committed, so superseded versions count too
-- as_of: 2024-02-29T12:00:00.000001+00:00
{"version": 1, "resource_type": "datasource"};
SELECT "datasource"."identifier" FROM (SELECT "identifier", "parent_identifier", "license", "datasource_id", "patient_id", "study_id", "valid_from", CAST(NULL AS TIMESTAMPTZ) AS "valid_to", "created_at", "version" FROM "vxdata"."datasource" WHERE NOT "tombstone" AND "valid_from" <= CAST('2024-02-29T12:00:00.000001+00:00' AS TIMESTAMPTZ) UNION ALL SELECT "identifier", "parent_identifier", "license", "datasource_id", "patient_id", "study_id", "valid_from", CAST(NULL AS TIMESTAMPTZ) AS "valid_to", "created_at", "version" FROM "vxdata"."datasource_history" WHERE NOT "tombstone" AND "valid_from" <= CAST('2024-02-29T12:00:00.000001+00:00' AS TIMESTAMPTZ) AND "valid_to" > CAST('2024-02-29T12:00:00.000001+00:00' AS TIMESTAMPTZ)) AS "datasource";
