-- Identifiers that were made for external ones: patients in a data source, studies of a patient.

CREATE TABLE vxdata.registration (
    resource_type text NOT NULL,
    parent_identifier text COLLATE "C" NOT NULL,
    external_uid text COLLATE "C" NOT NULL,
    identifier text COLLATE "C" NOT NULL UNIQUE,
    series text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    registered_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (resource_type, parent_identifier, external_uid),
    UNIQUE (resource_type, series, number)
);

COMMENT ON COLUMN vxdata.registration.series IS
    'What identifiers of one run of numbers begin with: patient/BB, imagingstudy/BB00017/.';
