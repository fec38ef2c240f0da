-- Entries of mappings, as they leave the database: the driver reads an array of these as Arrow structs.

CREATE TYPE vxdata.text_entry AS (key text, value text);

CREATE TYPE vxdata.number_entry AS (key text, value double precision);
