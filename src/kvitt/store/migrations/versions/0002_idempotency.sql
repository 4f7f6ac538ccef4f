-- Claims whose key begins so are the Idempotency-Keys of callers, and the answers to them; they are forgotten after
-- 48 hours. Other claims stay, and cost this index nothing.
create index claims_idempotency on claims (created_at) where key like 'idempotency%';

alter table claims set (
  autovacuum_vacuum_scale_factor = 0.1,
  autovacuum_vacuum_threshold = 5000
);
