-- Lists of orders: what they are filtered and sorted by, apart from the documents.

-- One narrow row per order. The documents' own table keeps no index on what changes, so that its updates stay in their
-- page; what lists need of an order stands here, where a row is a tenth as wide and a walk over thousands is cheap.
-- A status of null keeps a removed order out of every list.
create table order_list (
  account_id text collate "C" not null,
  id text collate "C" not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  amount bigint not null,
  status text collate "C",
  payment_status text collate "C",
  customer_id text collate "C",
  store_id text collate "C",
  primary key (account_id, id)
) with (
  fillfactor = 80,
  autovacuum_vacuum_scale_factor = 0.05,
  autovacuum_analyze_scale_factor = 0.05
);
create index order_list_created on order_list (account_id, created_at, id);
create index order_list_updated on order_list (account_id, updated_at, id);
create index order_list_amount on order_list (account_id, amount, id);
create index order_list_customer on order_list (account_id, customer_id, created_at, id) where customer_id is not null;
create index order_list_store on order_list (account_id, store_id, created_at, id) where store_id is not null;
-- For the statuses that few orders have; walks in the order of the list find the common ones.
create index order_list_status on order_list (account_id, payment_status, status);
create statistics order_list_statuses (dependencies, mcv) on payment_status, status from order_list;
-- For a bound on one time and the order by the other: what changed late is met apart. See kvitt/store/pages.py.
create index order_list_late_created on order_list (account_id, created_at, id)
  where updated_at - created_at > interval '2 days' and updated_at - created_at <= interval '30 days';
create index order_list_late_updated on order_list (account_id, updated_at, id)
  where updated_at - created_at > interval '2 days' and updated_at - created_at <= interval '30 days';
create index order_list_latest_created on order_list (account_id, created_at, id)
  where updated_at - created_at > interval '30 days';
create index order_list_latest_updated on order_list (account_id, updated_at, id)
  where updated_at - created_at > interval '30 days';
create statistics order_list_lag on (updated_at - created_at) from order_list;

-- What an order is found by: words of a search, and labels of what has no column. Each begins with the account, so that
-- none is found in another's orders. Written when they change, which is seldom after the order was made.
create table order_words (
  account_id text collate "C" not null,
  id text collate "C" not null,
  words tsvector not null,
  primary key (account_id, id)
) with (autovacuum_analyze_scale_factor = 0.05);
create index order_words_words on order_words using gin (words);
alter table order_words alter column words set statistics 400;

drop index orders_created;

-- Orders that were made before this are listed by `kvitt serve` or `kvitt migrate`, which know how to read documents.
alter table installation add column listed boolean not null default true;
update installation set listed = not exists (select from orders);

-- Commits a group that changes orders: as commit_group_v2, and their rows in lists.
create function commit_group_v3(
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
  done_n int[], done_account_id text[], done_id text[],
  postings_n int[], postings_account_id text[], postings_object_id text[], postings_id text[], postings_kind text[],
    postings_debit text[], postings_credit text[], postings_amount bigint[], postings_currency text[],
    postings_created_at timestamptz[],
  listed_n int[], listed_account_id text[], listed_id text[], listed_created_at timestamptz[],
    listed_updated_at timestamptz[], listed_amount bigint[], listed_status text[], listed_payment_status text[],
    listed_customer_id text[], listed_store_id text[],
  words_n int[], words_account_id text[], words_id text[], words_words text[]
) returns int[]
language plpgsql
set plan_cache_mode = force_generic_plan
as $$
declare
  refused int[];
begin
  refused := commit_group_v1(
    gid, settings_n, settings_account_id, settings_id, settings_version, settings_doc, settings_kind, drafts_n,
    drafts_account_id, drafts_id, drafts_version, drafts_doc, drafts_status, drafts_created_at, orders_n,
    orders_account_id, orders_id, orders_version, orders_doc, orders_order_id, orders_status,
    orders_payment_status, orders_created_at, sessions_n, sessions_account_id, sessions_id, sessions_version,
    sessions_doc, sessions_merchant_reference, sessions_created_at, transactions_n, transactions_account_id,
    transactions_id, transactions_version, transactions_doc, transactions_session_id,
    transactions_merchant_reference, transactions_status, transactions_created_at, claims_n, claims_account_id,
    claims_key, claims_value, log_n, log_account_id, log_id, log_type, log_object_type, log_object_id,
    log_version, log_created_at, log_data, tasks_n, tasks_account_id, tasks_id, tasks_kind, tasks_due_at,
    tasks_data, done_n, done_account_id, done_id
  );
  insert into postings (account_id, object_id, id, kind, debit, credit, amount, currency, created_at)
  select a, o, i, k, d, c, m, u, w
  from unnest(postings_n, postings_account_id, postings_object_id, postings_id, postings_kind, postings_debit,
    postings_credit, postings_amount, postings_currency, postings_created_at) as p(n, a, o, i, k, d, c, m, u, w)
  where n <> all (refused);
  -- The orders' own rows are locked by now, so nobody else writes these.
  insert into order_list as t (
    account_id, id, created_at, updated_at, amount, status, payment_status, customer_id, store_id
  )
  select a, i, c, u, m, s, p, k, h
  from unnest(listed_n, listed_account_id, listed_id, listed_created_at, listed_updated_at, listed_amount,
    listed_status, listed_payment_status, listed_customer_id, listed_store_id)
    as l(n, a, i, c, u, m, s, p, k, h)
  where n <> all (refused)
  on conflict (account_id, id) do update set
    created_at = excluded.created_at, updated_at = excluded.updated_at, amount = excluded.amount,
    status = excluded.status, payment_status = excluded.payment_status, customer_id = excluded.customer_id,
    store_id = excluded.store_id;
  if cardinality(words_n) > 0 then
    insert into order_words as t (account_id, id, words)
    select a, i, array_to_tsvector(string_to_array(w, chr(31)))
    from unnest(words_n, words_account_id, words_id, words_words) as l(n, a, i, w)
    where n <> all (refused)
    on conflict (account_id, id) do update set words = excluded.words where t.words <> excluded.words;
  end if;
  return refused;
end $$;
