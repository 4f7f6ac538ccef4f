-- Seals: the hash chain over each account's log.
select 1;
