-- Objects that an upload found in S3, so that it did not send its file again: to a sweep they are as young as that.

CREATE TABLE vxdata.touched (
    url text COLLATE "C" PRIMARY KEY,
    touched_at timestamp with time zone NOT NULL DEFAULT clock_timestamp()
);

-- Grows with every sweep. What an earlier one knows may be out of date: removed, and stored anew since.

ALTER TABLE vxdata.commit_clock ADD COLUMN sweep bigint NOT NULL DEFAULT 0;
