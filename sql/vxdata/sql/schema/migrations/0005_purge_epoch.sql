-- Grows with every purge: an answer that was kept from before may hold what is no more.

ALTER TABLE vxdata.commit_clock ADD COLUMN purge_epoch bigint NOT NULL DEFAULT 0;
