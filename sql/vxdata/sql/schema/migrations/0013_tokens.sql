-- Bearer tokens: of the secret only a digest is kept. A name is never given to somebody else, so that the
-- commit log and the audit stay true.

CREATE TABLE vxdata.token (
    id text COLLATE "C" PRIMARY KEY CHECK (id ~ '^[a-z2-7]{16}$'),
    name text COLLATE "C" NOT NULL UNIQUE CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}$'),
    digest text COLLATE "C" NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
    role text NOT NULL CHECK (role IN ('reader', 'writer', 'curator', 'administrator')),
    grants jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz
);

COMMENT ON COLUMN vxdata.token.digest IS 'SHA-256 of the whole token.';
COMMENT ON COLUMN vxdata.token.last_used_at IS 'Behind by up to a minute.';

-- Null in commits of earlier versions.

ALTER TABLE vxdata.commit_log ADD COLUMN principal text;

COMMENT ON COLUMN vxdata.commit_log.principal IS
    'Who made the commit, as the server knew the caller; `client` is what the caller said of itself.';
