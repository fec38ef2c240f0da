-- title: of a data source
{"version": 1, "resource_type": "volume", "where": {"op": "==", "field": "datasource_id", "value": "datasource/dasa"}, "select": ["identifier"]};
SELECT "volume"."identifier" FROM (SELECT "identifier", "datasource_id" FROM "vxdata"."volume" WHERE NOT "tombstone") AS "volume" WHERE "volume"."datasource_id" = 'datasource/dasa';

-- title: of a patient
{"version": 1, "resource_type": "volume", "where": {"op": "==", "field": "patient_id", "value": "patient/DA00001"}, "select": ["identifier"]};
SELECT "volume"."identifier" FROM (SELECT "identifier", "patient_id" FROM "vxdata"."volume" WHERE NOT "tombstone") AS "volume" WHERE "volume"."patient_id" = 'patient/DA00001';

-- title: of a study
{"version": 1, "resource_type": "volume", "where": {"op": "==", "field": "study_id", "value": "imagingstudy/DA00001/study-1"}, "select": ["identifier"]};
SELECT "volume"."identifier" FROM (SELECT "identifier", "study_id" FROM "vxdata"."volume" WHERE NOT "tombstone") AS "volume" WHERE "volume"."study_id" = 'imagingstudy/DA00001/study-1';

-- title: of any ancestor
{"version": 1, "resource_type": "volume", "where": {"op": "has_ancestor", "identifier": "datasource/dasa"}, "select": ["identifier"]};
SELECT "volume"."identifier" FROM (SELECT "identifier", "datasource_id" FROM "vxdata"."volume" WHERE NOT "tombstone") AS "volume" WHERE "volume"."datasource_id" = ANY(ARRAY(WITH RECURSIVE family(identifier) AS (SELECT CAST('datasource/dasa' AS TEXT) COLLATE "C" UNION SELECT child.identifier FROM (SELECT "identifier", "parent_identifier" FROM "vxdata"."datasource") AS "child" CROSS JOIN LATERAL (SELECT "parent"."datasource_id" FROM (SELECT "identifier", "datasource_id" FROM (SELECT "identifier", "datasource_id" FROM "vxdata"."datasource" UNION ALL SELECT "identifier", "datasource_id" FROM "vxdata"."patient" UNION ALL SELECT "identifier", "datasource_id" FROM "vxdata"."imagingstudy" UNION ALL SELECT "identifier", "datasource_id" FROM "vxdata"."volume" UNION ALL SELECT "identifier", "datasource_id" FROM "vxdata"."histomap" UNION ALL SELECT "identifier", "datasource_id" FROM "vxdata"."pathologyspecimen" UNION ALL SELECT "identifier", "datasource_id" FROM "vxdata"."pathologyassessment" UNION ALL SELECT "identifier", "datasource_id" FROM "vxdata"."piradsassessment" UNION ALL SELECT "identifier", "datasource_id" FROM "vxdata"."psameasurement" UNION ALL SELECT "identifier", "datasource_id" FROM "vxdata"."diagnosticreport" UNION ALL SELECT "identifier", "datasource_id" FROM "vxdata"."annotationsession" UNION ALL SELECT "identifier", "datasource_id" FROM "vxdata"."vxannotatecaserecord" UNION ALL SELECT "identifier", "datasource_id" FROM "vxdata"."artefact" UNION ALL SELECT "identifier", "datasource_id" FROM "vxdata"."benchmarking") AS "versions") AS "parent" WHERE parent.identifier = child.parent_identifier OFFSET 0) AS parent JOIN family ON family.identifier = "parent"."datasource_id" WHERE child.parent_identifier IS NOT NULL) SELECT identifier FROM family)) AND "volume"."identifier" <> 'datasource/dasa';

-- title: combined
{"version": 1, "resource_type": "volume", "where": {"op": "and", "terms": [{"op": "==", "field": "datasource_id", "value": "datasource/dasa"}, {"op": "==", "field": "volume_type", "value": "T2"}, {"op": "==", "field": "image_plane", "value": "transversal"}]}, "select": ["identifier"]};
SELECT "volume"."identifier" FROM (SELECT "identifier", "datasource_id", "volume_type", "image_plane" FROM "vxdata"."volume" WHERE NOT "tombstone") AS "volume" WHERE "volume"."datasource_id" = 'datasource/dasa' AND "volume"."volume_type" = 'T2' AND "volume"."image_plane" = 'transversal';
