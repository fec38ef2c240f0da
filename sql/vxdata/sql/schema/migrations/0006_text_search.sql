-- Collation "C" knows the case of ASCII alone. These functions take a Unicode one: PostgreSQL's own where there is
-- one (17 and later), else ICU's, else the database's. They are written to be inlined.

DO $$
DECLARE
    unicode text := coalesce(
        (
            SELECT 'pg_catalog.' || quote_ident(collname)
            FROM pg_catalog.pg_collation
            WHERE collname IN ('pg_c_utf8', 'und-x-icu')
                AND collencoding IN (-1, pg_char_to_encoding(getdatabaseencoding()))
            ORDER BY collname
            LIMIT 1
        ),
        'pg_catalog."default"'
    );
BEGIN
    EXECUTE format(
        'CREATE FUNCTION vxdata.fold(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE '
        'RETURN lower(value COLLATE %s) COLLATE "C"', unicode);
    EXECUTE format(
        'CREATE FUNCTION vxdata.matches(value text, pattern text) RETURNS boolean LANGUAGE sql IMMUTABLE '
        'PARALLEL SAFE RETURN value COLLATE %s ~ pattern', unicode);
    EXECUTE format(
        'CREATE FUNCTION vxdata.matches_any_case(value text, pattern text) RETURNS boolean LANGUAGE sql IMMUTABLE '
        'PARALLEL SAFE RETURN value COLLATE %s ~* pattern', unicode);
END
$$;
