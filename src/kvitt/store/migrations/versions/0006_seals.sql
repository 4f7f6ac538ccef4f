-- Seals: the hash chain over each account's log. A seal covers the next stretch of the log, in the order of the feed:
--
--   entry  = sha256 over id, type, object_type, object_id (each with its length before it), version, created_at, data
--   hash   = sha256 over the hash of the seal before it, and the entries of the stretch
--
-- Before the first seal of an account stands the sha256 of the account's id. Texts are UTF-8; lengths and version are four
-- bytes, created_at is eight (microseconds since 1970, UTC), the highest byte first. epoch, xid and seq are those of the
-- last entry covered; where an entry stands is not hashed, its order is, so the chain goes on after a restore.
create table seals (
  account_id text collate "C" not null,
  number bigint not null,
  epoch int not null,
  xid xid8 not null,
  seq bigint not null,
  entries int not null,
  hash bytea not null,
  created_at timestamptz not null default now(),
  primary key (account_id, number)
);

create function log_entry_hash_v1(
  id text, type text, object_type text, object_id text, version int, created_at timestamptz, data text
) returns bytea
language sql stable parallel safe
as $$
  select sha256(
    int4send(octet_length(convert_to(id, 'UTF8'))) || convert_to(id, 'UTF8')
    || int4send(octet_length(convert_to(type, 'UTF8'))) || convert_to(type, 'UTF8')
    || int4send(octet_length(convert_to(object_type, 'UTF8'))) || convert_to(object_type, 'UTF8')
    || int4send(octet_length(convert_to(object_id, 'UTF8'))) || convert_to(object_id, 'UTF8')
    || int4send(version) || int8send((extract(epoch from created_at) * 1000000)::bigint)
    || convert_to(data, 'UTF8')
  )
$$;

-- Makes the account's next seal, over at most `most` entries. Answers how many it covers (0: there was nothing to seal, or
-- somebody else made this seal), and whether entries are left: those of transactions that still run are left until later,
-- so that nothing can commit into a stretch that is sealed. Two at once try for the same number, and one of them gets it.
create function seal_log_v1(in_account_id text, most int, out sealed int, out more boolean)
language plpgsql
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
  last seals;
  next seals;
begin
  select * into last from seals s where s.account_id = in_account_id order by s.number desc limit 1;
  if not found then
    last.number := 0;
    last.epoch := 0;
    last.xid := '0';
    last.seq := 0;
    last.hash := sha256(convert_to(in_account_id, 'UTF8'));
  end if;
  select count(*), max(l.epoch), string_agg(l.entry, ''::bytea order by l.epoch, l.xid, l.seq),
    (array_agg(l.xid order by l.epoch desc, l.xid desc, l.seq desc))[1],
    (array_agg(l.seq order by l.epoch desc, l.xid desc, l.seq desc))[1]
  into next.entries, next.epoch, next.hash, next.xid, next.seq
  from (
    select t.epoch, t.xid, t.seq,
      log_entry_hash_v1(t.id, t.type, t.object_type, t.object_id, t.version, t.created_at, t.data) as entry
    from log t
    where t.account_id = in_account_id
      and (t.epoch, t.xid, t.seq) > (last.epoch, last.xid, last.seq)
      and (t.xid < pg_snapshot_xmin(pg_current_snapshot()) or t.epoch < (select i.epoch from installation i))
    order by t.epoch, t.xid, t.seq
    limit most
  ) l;
  sealed := next.entries;
  if sealed > 0 then
    insert into seals (account_id, number, epoch, xid, seq, entries, hash)
    values (in_account_id, last.number + 1, next.epoch, next.xid, next.seq, next.entries, sha256(last.hash || next.hash))
    on conflict (account_id, number) do nothing;
    if found then
      last := next;
    else
      sealed := 0;
    end if;
  end if;
  more := exists (
    select from log t
    where t.account_id = in_account_id and (t.epoch, t.xid, t.seq) > (last.epoch, last.xid, last.seq)
  );
end $$;

-- Transactions from before the ledger have no postings, and for an hour a server of the release before may still be
-- writing such ones. Null: the ledger is as old as the database.
alter table installation add column ledger_since timestamptz;
update installation set ledger_since = now() + interval '1 hour' where exists (select from transactions);
