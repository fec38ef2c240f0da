-- The last time that an administrator said the clock was right.

ALTER TABLE vxdata.commit_clock ADD COLUMN vouched timestamp with time zone;

-- Instants of which nobody can say which commits had been made: the clock was wrong at that time.

CREATE TABLE vxdata.clock_gap (
    begins timestamp with time zone NOT NULL,
    ends timestamp with time zone NOT NULL CHECK (ends > begins),
    noted_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (begins, ends)
);

COMMENT ON TABLE vxdata.clock_gap IS
    'Between two commits, the first of which or those after it were stamped by a wrong clock; both ends are in no gap.';
