-- Answers of writes by idempotency key: a write that is sent again, because its answer was lost, gets the same one.
-- A write that found nothing to change has an answer, too, but no commit.

CREATE TABLE vxdata.answer (
    idempotency_key text PRIMARY KEY,
    request_digest text NOT NULL,
    version bigint NOT NULL,
    stamp timestamp with time zone NOT NULL,
    counts jsonb NOT NULL,
    answered_at timestamp with time zone NOT NULL DEFAULT clock_timestamp()
);

ALTER TABLE vxdata.commit_log ADD COLUMN idempotency_key text;
