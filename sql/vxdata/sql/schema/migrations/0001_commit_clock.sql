-- The commit clock, its log, and the clocks of the single types.
-- Everything that follows from the payload types is rendered from the registry instead.

CREATE TABLE vxdata.commit_clock (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version bigint NOT NULL,
    stamp timestamp with time zone NOT NULL
) WITH (fillfactor = 10);

COMMENT ON TABLE vxdata.commit_clock IS
    'One row: the number and the stamp of the last commit. A writer locks it after staging and until it commits, so stamp order is commit order.';

INSERT INTO vxdata.commit_clock (version, stamp) VALUES (0, clock_timestamp());

CREATE TABLE vxdata.commit_log (
    version bigint PRIMARY KEY,
    stamp timestamp with time zone NOT NULL UNIQUE,
    verb text NOT NULL,
    counts jsonb NOT NULL,
    client jsonb NOT NULL
);

COMMENT ON TABLE vxdata.commit_log IS
    'What each commit did: verb, rows by resource type, and what the caller said of itself.';

CREATE TABLE vxdata.type_clock (
    resource_type text PRIMARY KEY,
    version bigint NOT NULL,
    stamp timestamp with time zone NOT NULL
);

COMMENT ON TABLE vxdata.type_clock IS
    'The last commit that touched each resource type: a read as of a later instant needs no history.';
