-- Plans whose answers have addresses. Each states its instant and its columns, so its answer stays the same.

CREATE TABLE vxdata.answered_plan (
    digest text COLLATE "C" PRIMARY KEY CHECK (digest ~ '^[0-9a-f]{32}$'),
    plan text NOT NULL,
    added_on date NOT NULL DEFAULT current_date,
    used_on date NOT NULL DEFAULT current_date
);

COMMENT ON COLUMN vxdata.answered_plan.used_on IS
    'Day of the last request, UTC: a day instead of an instant, so that at most one request a day writes.';

-- What addresses are signed with: every server of the database accepts what another has signed.

CREATE TABLE vxdata.signing_key (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    key bytea NOT NULL
);

INSERT INTO vxdata.signing_key (key)
VALUES (decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'));
