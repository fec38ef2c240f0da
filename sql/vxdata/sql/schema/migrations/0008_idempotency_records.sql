-- What a write answered under an idempotency key is an idempotency record. The view keeps the former name for
-- servers of the version before; it goes with the next version.

ALTER TABLE vxdata.answer RENAME TO idempotency_record;

CREATE VIEW vxdata.answer AS SELECT * FROM vxdata.idempotency_record;
