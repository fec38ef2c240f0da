-- A write that is sent again under the same key, because its answer was lost, is answered from the log.

ALTER TABLE vxdata.commit_log ADD COLUMN idempotency_key text UNIQUE;

ALTER TABLE vxdata.commit_log ADD COLUMN request_digest text;
