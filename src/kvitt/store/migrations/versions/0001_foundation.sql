-- The foundation: documents, claims, the log, tasks, and the one function that writes them.
-- Every key begins with account_id, so that rows can later be spread by account. Exceptions say why.
-- Keys compare by bytes (collate "C"): faster, and a new version of the system's locales cannot disorder an index.

-- One row about this database. `epoch` rises when a dump is restored into another cluster, because transaction ids
-- (and with them the order of the log) begin anew there.
create table installation (
  singleton boolean primary key default true check (singleton),
  epoch int not null default 1
);
insert into installation default values;

-- Documents. `doc` is text, not jsonb: PostgreSQL never looks inside while it serves, and parsing cost a third of the
-- throughput. What lists filter and sort by stands in columns. Room is left in each page (fillfactor) so that an update
-- stays in it and touches no index.
create table settings (
  account_id text collate "C" not null,
  id text collate "C" not null,
  version int not null,
  doc text not null,
  kind text not null,
  primary key (account_id, id)
) with (fillfactor = 70);

create table drafts (
  account_id text collate "C" not null,
  id text collate "C" not null,
  version int not null,
  doc text not null,
  status text,
  created_at timestamptz not null,
  primary key (account_id, id)
) with (fillfactor = 70);
create index drafts_created on drafts (account_id, created_at);

create table orders (
  account_id text collate "C" not null,
  id text collate "C" not null,
  version int not null,
  doc text not null,
  order_id text collate "C",
  status text,
  payment_status text,
  created_at timestamptz not null,
  primary key (account_id, id)
) with (fillfactor = 70);
create index orders_order_id on orders (account_id, order_id);
create index orders_created on orders (account_id, created_at);

create table sessions (
  account_id text collate "C" not null,
  id text collate "C" not null,
  version int not null,
  doc text not null,
  merchant_reference text collate "C",
  created_at timestamptz not null,
  primary key (account_id, id)
) with (fillfactor = 70);
create index sessions_merchant_reference on sessions (account_id, merchant_reference);
create index sessions_created on sessions (account_id, created_at);

create table transactions (
  account_id text collate "C" not null,
  id text collate "C" not null,
  version int not null,
  doc text not null,
  session_id text collate "C",
  merchant_reference text collate "C",
  status text,
  created_at timestamptz not null,
  primary key (account_id, id)
) with (fillfactor = 70);
create index transactions_session_id on transactions (account_id, session_id);
create index transactions_merchant_reference on transactions (account_id, merchant_reference);
create index transactions_created on transactions (account_id, created_at);

-- What may exist once: an order number, an idempotency key. `value` says whose it is.
create table claims (
  account_id text collate "C" not null,
  key text collate "C" not null,
  value text not null,
  created_at timestamptz not null default now(),
  primary key (account_id, key)
);

-- What happened, in an order that a reader can trust: by transaction, then by sequence within it.
create table log (
  account_id text collate "C" not null,
  epoch int not null,
  xid xid8 not null default pg_current_xact_id(),
  seq bigint not null generated always as identity,
  id text collate "C" not null,
  type text not null,
  object_type text not null,
  object_id text not null,
  version int not null,
  created_at timestamptz not null,
  data text not null,
  primary key (account_id, epoch, xid, seq)
);

-- What is to be done at a time. The worker asks "what is due?" over all accounts, hence the one index without account_id;
-- it makes nothing unique.
create table tasks (
  account_id text collate "C" not null,
  id text collate "C" not null,
  kind text not null,
  due_at timestamptz not null,
  data text not null,
  tries int not null default 0,
  primary key (account_id, id)
) with (
  fillfactor = 70,
  autovacuum_vacuum_scale_factor = 0.05,
  autovacuum_vacuum_threshold = 2000,
  autovacuum_vacuum_cost_delay = 0
);
create index tasks_due on tasks (due_at);

-- One row per committed group of Changes, of any accounts: proof that it committed, and which Changes it refused.
-- Whoever inserts a group's id first decides its fate; see kvitt/store/settle.py. Rows older than an hour are pruned.
create table groups (
  gid uuid primary key,
  refused int[] not null,
  created_at timestamptz not null default now()
) with (
  autovacuum_vacuum_scale_factor = 0.1,
  autovacuum_vacuum_threshold = 5000,
  autovacuum_vacuum_cost_delay = 0
);

-- For people who query by hand.
create view settings_json as select account_id, id, version, kind, doc::jsonb as doc from settings;
create view drafts_json as select account_id, id, version, status, created_at, doc::jsonb as doc from drafts;
create view orders_json as
  select account_id, id, version, order_id, status, payment_status, created_at, doc::jsonb as doc from orders;
create view sessions_json as
  select account_id, id, version, merchant_reference, created_at, doc::jsonb as doc from sessions;
create view transactions_json as
  select account_id, id, version, session_id, merchant_reference, status, created_at, doc::jsonb as doc
  from transactions;

-- lz4 compresses documents faster than the default, but not every PostgreSQL is built with it.
do $$
begin
  alter table drafts alter column doc set compression lz4;
  alter table orders alter column doc set compression lz4;
  alter table sessions alter column doc set compression lz4;
  alter table transactions alter column doc set compression lz4;
exception when feature_not_supported or invalid_parameter_value then
  null;
end $$;

-- Aborts a Change that goes alone when it wrote fewer rows than it has: SQLSTATE KV001 means Conflict.
create function all_or_nothing_v1(written bigint, expected bigint) returns void
language plpgsql as $$
begin
  if written <> expected then
    raise exception using errcode = 'KV001', message = 'a row is newer, or what must be new exists';
  end if;
end $$;

-- Commits a group of Changes and answers the numbers of those that met a conflict; of these nothing is written.
-- Arrays of one table belong together; n is the Change's number in the group, version 0 means that the row must be
-- new. Arrays come sorted by key, and no key comes twice. The name carries a version: servers of two releases may run.
create function commit_group_v1(
  gid uuid,
  settings_n int[], settings_account_id text[], settings_id text[], settings_version int[], settings_doc text[],
    settings_kind text[],
  drafts_n int[], drafts_account_id text[], drafts_id text[], drafts_version int[], drafts_doc text[],
    drafts_status text[], drafts_created_at timestamptz[],
  orders_n int[], orders_account_id text[], orders_id text[], orders_version int[], orders_doc text[],
    orders_order_id text[], orders_status text[], orders_payment_status text[], orders_created_at timestamptz[],
  sessions_n int[], sessions_account_id text[], sessions_id text[], sessions_version int[], sessions_doc text[],
    sessions_merchant_reference text[], sessions_created_at timestamptz[],
  transactions_n int[], transactions_account_id text[], transactions_id text[], transactions_version int[],
    transactions_doc text[], transactions_session_id text[], transactions_merchant_reference text[],
    transactions_status text[], transactions_created_at timestamptz[],
  claims_n int[], claims_account_id text[], claims_key text[], claims_value text[],
  log_n int[], log_account_id text[], log_id text[], log_type text[], log_object_type text[], log_object_id text[],
    log_version int[], log_created_at timestamptz[], log_data text[],
  tasks_n int[], tasks_account_id text[], tasks_id text[], tasks_kind text[], tasks_due_at timestamptz[],
    tasks_data text[],
  done_n int[], done_account_id text[], done_id text[]
) returns int[]
language plpgsql
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
  refused int[] := '{}';
  stale int[];
  expected bigint;
  written bigint;
  counted bigint;
begin
  -- 1. Lock the rows that are to change, in key order and tables in a fixed order (so nothing deadlocks), and compare
  --    versions.
  if cardinality(settings_n) > 0 then
    select array_agg(u.n) into stale
    from unnest(settings_n, settings_account_id, settings_id, settings_version) as u(n, a, i, v)
    left join lateral (
      select t.version from settings t where t.account_id = u.a and t.id = u.i for no key update
    ) t on true
    where u.v > 0 and t.version is distinct from u.v;
    refused := refused || stale;
  end if;
  if cardinality(drafts_n) > 0 then
    select array_agg(u.n) into stale
    from unnest(drafts_n, drafts_account_id, drafts_id, drafts_version) as u(n, a, i, v)
    left join lateral (
      select t.version from drafts t where t.account_id = u.a and t.id = u.i for no key update
    ) t on true
    where u.v > 0 and t.version is distinct from u.v;
    refused := refused || stale;
  end if;
  if cardinality(orders_n) > 0 then
    select array_agg(u.n) into stale
    from unnest(orders_n, orders_account_id, orders_id, orders_version) as u(n, a, i, v)
    left join lateral (
      select t.version from orders t where t.account_id = u.a and t.id = u.i for no key update
    ) t on true
    where u.v > 0 and t.version is distinct from u.v;
    refused := refused || stale;
  end if;
  if cardinality(sessions_n) > 0 then
    select array_agg(u.n) into stale
    from unnest(sessions_n, sessions_account_id, sessions_id, sessions_version) as u(n, a, i, v)
    left join lateral (
      select t.version from sessions t where t.account_id = u.a and t.id = u.i for no key update
    ) t on true
    where u.v > 0 and t.version is distinct from u.v;
    refused := refused || stale;
  end if;
  if cardinality(transactions_n) > 0 then
    select array_agg(u.n) into stale
    from unnest(transactions_n, transactions_account_id, transactions_id, transactions_version) as u(n, a, i, v)
    left join lateral (
      select t.version from transactions t where t.account_id = u.a and t.id = u.i for no key update
    ) t on true
    where u.v > 0 and t.version is distinct from u.v;
    refused := refused || stale;
  end if;

  -- 2. Insert what must be new. Where less is written than there is, something exists already: undo this block alone,
  --    find whose it is, and go round without the guilty.
  loop
    select count(*) into expected from (
      select unnest(claims_n) as n
      union all select n from unnest(settings_n, settings_version) as u(n, v) where v = 0
      union all select n from unnest(drafts_n, drafts_version) as u(n, v) where v = 0
      union all select n from unnest(orders_n, orders_version) as u(n, v) where v = 0
      union all select n from unnest(sessions_n, sessions_version) as u(n, v) where v = 0
      union all select n from unnest(transactions_n, transactions_version) as u(n, v) where v = 0
    ) as new where n <> all (refused);
    exit when expected = 0;
    begin
      written := 0;
      if cardinality(claims_n) > 0 then
        insert into claims (account_id, key, value)
        select a, k, w from unnest(claims_n, claims_account_id, claims_key, claims_value) as u(n, a, k, w)
        where n <> all (refused)
        on conflict do nothing;
        get diagnostics counted = row_count;
        written := written + counted;
      end if;
      if 0 = any (settings_version) then
        insert into settings (account_id, id, version, doc, kind)
        select a, i, 1, d, c1
        from unnest(settings_n, settings_account_id, settings_id, settings_version, settings_doc, settings_kind)
          as u(n, a, i, v, d, c1)
        where v = 0 and n <> all (refused)
        on conflict do nothing;
        get diagnostics counted = row_count;
        written := written + counted;
      end if;
      if 0 = any (drafts_version) then
        insert into drafts (account_id, id, version, doc, status, created_at)
        select a, i, 1, d, c1, c2
        from unnest(drafts_n, drafts_account_id, drafts_id, drafts_version, drafts_doc, drafts_status,
          drafts_created_at) as u(n, a, i, v, d, c1, c2)
        where v = 0 and n <> all (refused)
        on conflict do nothing;
        get diagnostics counted = row_count;
        written := written + counted;
      end if;
      if 0 = any (orders_version) then
        insert into orders (account_id, id, version, doc, order_id, status, payment_status, created_at)
        select a, i, 1, d, c1, c2, c3, c4
        from unnest(orders_n, orders_account_id, orders_id, orders_version, orders_doc, orders_order_id, orders_status,
          orders_payment_status, orders_created_at) as u(n, a, i, v, d, c1, c2, c3, c4)
        where v = 0 and n <> all (refused)
        on conflict do nothing;
        get diagnostics counted = row_count;
        written := written + counted;
      end if;
      if 0 = any (sessions_version) then
        insert into sessions (account_id, id, version, doc, merchant_reference, created_at)
        select a, i, 1, d, c1, c2
        from unnest(sessions_n, sessions_account_id, sessions_id, sessions_version, sessions_doc,
          sessions_merchant_reference, sessions_created_at) as u(n, a, i, v, d, c1, c2)
        where v = 0 and n <> all (refused)
        on conflict do nothing;
        get diagnostics counted = row_count;
        written := written + counted;
      end if;
      if 0 = any (transactions_version) then
        insert into transactions (account_id, id, version, doc, session_id, merchant_reference, status, created_at)
        select a, i, 1, d, c1, c2, c3, c4
        from unnest(transactions_n, transactions_account_id, transactions_id, transactions_version, transactions_doc,
          transactions_session_id, transactions_merchant_reference, transactions_status, transactions_created_at)
          as u(n, a, i, v, d, c1, c2, c3, c4)
        where v = 0 and n <> all (refused)
        on conflict do nothing;
        get diagnostics counted = row_count;
        written := written + counted;
      end if;
      if written < expected then
        raise exception using errcode = 'KV001';
      end if;
      exit;
    exception when sqlstate 'KV001' then
      -- "on conflict" waited for whoever held the key, so what is taken is visible now.
      refused := refused || array(
        select n from unnest(claims_n, claims_account_id, claims_key) as u(n, a, k)
        join claims t on t.account_id = a and t.key = k
      ) || array(
        select n from unnest(settings_n, settings_account_id, settings_id, settings_version) as u(n, a, i, v)
        join settings t on t.account_id = a and t.id = i where v = 0
      ) || array(
        select n from unnest(drafts_n, drafts_account_id, drafts_id, drafts_version) as u(n, a, i, v)
        join drafts t on t.account_id = a and t.id = i where v = 0
      ) || array(
        select n from unnest(orders_n, orders_account_id, orders_id, orders_version) as u(n, a, i, v)
        join orders t on t.account_id = a and t.id = i where v = 0
      ) || array(
        select n from unnest(sessions_n, sessions_account_id, sessions_id, sessions_version) as u(n, a, i, v)
        join sessions t on t.account_id = a and t.id = i where v = 0
      ) || array(
        select n from unnest(transactions_n, transactions_account_id, transactions_id, transactions_version)
          as u(n, a, i, v)
        join transactions t on t.account_id = a and t.id = i where v = 0
      );
    end;
  end loop;

  -- 3. Write for the good ones. Their rows are locked and their versions compared.
  if 0 < any (settings_version) then
    update settings t set version = v + 1, doc = d, kind = c1
    from unnest(settings_n, settings_account_id, settings_id, settings_version, settings_doc, settings_kind)
      as u(n, a, i, v, d, c1)
    where v > 0 and n <> all (refused) and t.account_id = a and t.id = i;
  end if;
  if 0 < any (drafts_version) then
    update drafts t set version = v + 1, doc = d, status = c1, created_at = c2
    from unnest(drafts_n, drafts_account_id, drafts_id, drafts_version, drafts_doc, drafts_status, drafts_created_at)
      as u(n, a, i, v, d, c1, c2)
    where v > 0 and n <> all (refused) and t.account_id = a and t.id = i;
  end if;
  if 0 < any (orders_version) then
    update orders t
    set version = v + 1, doc = d, order_id = c1, status = c2, payment_status = c3, created_at = c4
    from unnest(orders_n, orders_account_id, orders_id, orders_version, orders_doc, orders_order_id, orders_status,
      orders_payment_status, orders_created_at) as u(n, a, i, v, d, c1, c2, c3, c4)
    where v > 0 and n <> all (refused) and t.account_id = a and t.id = i;
  end if;
  if 0 < any (sessions_version) then
    update sessions t set version = v + 1, doc = d, merchant_reference = c1, created_at = c2
    from unnest(sessions_n, sessions_account_id, sessions_id, sessions_version, sessions_doc,
      sessions_merchant_reference, sessions_created_at) as u(n, a, i, v, d, c1, c2)
    where v > 0 and n <> all (refused) and t.account_id = a and t.id = i;
  end if;
  if 0 < any (transactions_version) then
    update transactions t
    set version = v + 1, doc = d, session_id = c1, merchant_reference = c2, status = c3, created_at = c4
    from unnest(transactions_n, transactions_account_id, transactions_id, transactions_version, transactions_doc,
      transactions_session_id, transactions_merchant_reference, transactions_status, transactions_created_at)
      as u(n, a, i, v, d, c1, c2, c3, c4)
    where v > 0 and n <> all (refused) and t.account_id = a and t.id = i;
  end if;
  if cardinality(done_n) > 0 then
    delete from tasks t using unnest(done_n, done_account_id, done_id) as u(n, a, i)
    where n <> all (refused) and t.account_id = a and t.id = i;
  end if;
  if cardinality(tasks_n) > 0 then
    insert into tasks as t (account_id, id, kind, due_at, data)
    select a, i, k, w, d
    from unnest(tasks_n, tasks_account_id, tasks_id, tasks_kind, tasks_due_at, tasks_data) as u(n, a, i, k, w, d)
    where n <> all (refused)
    on conflict (account_id, id) do update
    set kind = excluded.kind, due_at = excluded.due_at, data = excluded.data, tries = 0;
  end if;
  if cardinality(log_n) > 0 then
    -- unnest keeps the order of the arrays, so seq rises in the order of a Change's events.
    insert into log (account_id, epoch, id, type, object_type, object_id, version, created_at, data)
    select a, e.epoch, i, ty, ot, oi, v, w, d
    from installation e, unnest(log_n, log_account_id, log_id, log_type, log_object_type, log_object_id, log_version,
      log_created_at, log_data) as u(n, a, i, ty, ot, oi, v, w, d)
    where n <> all (refused);
  end if;
  insert into groups (gid, refused) values (gid, refused);
  return refused;
end $$;

-- The sandbox provider's own books. It plays a provider elsewhere: nothing of ours ever joins them.
create schema sandbox;
create table sandbox.movements (
  account_id text collate "C" not null,
  attempt_id text collate "C" not null,
  payment_id text collate "C" not null,
  verb text not null,
  amount bigint not null,
  currency text not null,
  outcome text not null,
  created_at timestamptz not null,
  data text not null,
  primary key (account_id, attempt_id)
);
create index movements_payment on sandbox.movements (account_id, payment_id);
