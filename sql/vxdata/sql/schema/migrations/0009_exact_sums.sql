-- Sums of doubles that are one number, whatever order the rows come in: the double nearest to the exact sum.
-- A double between 2^-72 and 2^63 is the sum of three whole numbers times 1, 2^-62 and 2^-124. Whole numbers are
-- added exactly, and fast. What is larger or smaller is rare, and is added as a number of any length.
-- Those that are called for each row are written to be inlined, but for vxdata.exactly.

CREATE FUNCTION vxdata.is_common(value double precision) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (abs(value) < 9223372036854775808 AND abs(value) >= 2.117582368135751e-22::double precision) OR value = 0;

CREATE FUNCTION vxdata.first_part(value double precision) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN vxdata.is_common(value) THEN trunc(value)::bigint END;

CREATE FUNCTION vxdata.second_part(value double precision) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN vxdata.is_common(value)
    THEN trunc((value - trunc(value)) * 4611686018427387904::double precision)::bigint
END;

CREATE FUNCTION vxdata.third_part(value double precision) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN vxdata.is_common(value)
    THEN (
        (
            (value - trunc(value)) * 4611686018427387904::double precision
            - trunc((value - trunc(value)) * 4611686018427387904::double precision)
        ) * 4611686018427387904::double precision
    )::bigint
END;

-- The value of the bits of a double: (2^52 + fraction) * 2^(exponent - 1075), without the 2^52 if the exponent is 0.
CREATE FUNCTION vxdata.exactly(value double precision) RETURNS numeric LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
    bits bigint := ('x' || encode(float8send(abs(value)), 'hex'))::bit(64)::bigint;
    exponent integer := (bits >> 52)::integer;
    whole numeric := (bits & 4503599627370495) + CASE WHEN exponent = 0 THEN 0 ELSE 4503599627370496 END;
    power integer := greatest(exponent, 1) - 1075;
    scaled numeric := CASE
        WHEN power >= 0 THEN whole * 2::numeric ^ power
        ELSE whole * 5::numeric ^ (-power) * ('1e' || power)::numeric
    END;
BEGIN
    RETURN CASE WHEN value < 0 THEN -scaled ELSE scaled END;
END
$$;

CREATE FUNCTION vxdata.rest(value double precision) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN NOT vxdata.is_common(value) THEN vxdata.exactly(value) END;

-- The double nearest to the sum of the parts; null if there were no values.
CREATE FUNCTION vxdata.nearest(first numeric, second numeric, third numeric, rest numeric) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN num_nonnulls(first, rest) > 0
    THEN (
        coalesce(first, 0) + coalesce(rest, 0)
        + coalesce(second, 0) * 0.00000000000000000021684043449710088680149056017398834228515625
        + coalesce(third, 0) * 0.0000000000000000000000000000000000000470197740328915003187494614888898271127466222708835008603500682511366903781890869140625
    )::double precision
END;

-- A quotient as IEEE 754 rounds it; PostgreSQL refuses those that are rounded to 0.
CREATE FUNCTION vxdata.quotient(total double precision, number bigint) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN abs(total) < 1 AND abs(total) * 2 <= number * '5e-324'::double precision THEN 0
    ELSE total / nullif(number, 0)
END;
