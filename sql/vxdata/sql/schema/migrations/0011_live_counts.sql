-- The number of live resources of each type after each commit that touched the type, so that counting all of them
-- reads no resource. A purge changes what past instants show, so it removes the numbers of the types that it touches.

CREATE TABLE vxdata.live_count (
    resource_type text NOT NULL,
    version bigint NOT NULL,
    live bigint NOT NULL,
    PRIMARY KEY (resource_type, version)
);

COMMENT ON TABLE vxdata.live_count IS
    'Live resources of a type after a commit. Without a row for the last commit of the type, its rows are not used: a server of an earlier version has written.';

DO $$
DECLARE
    touched record;
BEGIN
    FOR touched IN
        SELECT resource_type FROM vxdata.type_clock WHERE to_regclass(format('vxdata.%I', resource_type)) IS NOT NULL
    LOOP
        EXECUTE format(
            'INSERT INTO vxdata.live_count (resource_type, version, live) '
            'SELECT t.resource_type, t.version, (SELECT count(*) FROM vxdata.%I WHERE NOT tombstone) '
            'FROM vxdata.type_clock AS t WHERE t.resource_type = %L',
            touched.resource_type, touched.resource_type);
    END LOOP;
END
$$;

-- How many resources of some types are live at an instant, or now if it is null; null where that is not known.
CREATE FUNCTION vxdata.live_at(types text[], as_of timestamp with time zone) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (
    SELECT CASE WHEN count(known.live) = count(*) THEN coalesce(sum(known.live), 0)::bigint END
    FROM unnest(types) AS asked (resource_type)
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN as_of IS NULL THEN 9223372036854775807
            ELSE (SELECT l.version FROM vxdata.commit_log AS l WHERE l.stamp <= as_of ORDER BY l.stamp DESC LIMIT 1)
        END AS version
    ) AS last
    LEFT JOIN vxdata.type_clock AS touched ON touched.resource_type = asked.resource_type
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN touched.version IS NULL OR last.version IS NULL THEN 0
            WHEN EXISTS (
                SELECT FROM vxdata.live_count AS newest
                WHERE newest.resource_type = touched.resource_type AND newest.version = touched.version
            )
            THEN (
                SELECT c.live FROM vxdata.live_count AS c
                WHERE c.resource_type = touched.resource_type AND c.version <= last.version
                ORDER BY c.version DESC LIMIT 1
            )
        END AS live
    ) AS known
);
