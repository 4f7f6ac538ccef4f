-- Lists of transactions and sessions; labels beside what lists are walked by; card tokens.

-- Labels are exact values that a document is listed by and that have no column: met on a walk in the order of the list,
-- and among the words for those that few documents have. Null where an older release listed the order.
alter table order_list add column labels text[] collate "C";

-- A status may be as old as the account, or as young: each is walked in the order of the list.
drop index order_list_status;
create index order_list_status on order_list (account_id, status, created_at, id);
create index order_list_payment_status on order_list (account_id, payment_status, created_at, id);

-- What is found by words is sorted here, without a look at each row of the list. Written with every order's change: the
-- index of words does not hear of it.
alter table order_words add column created_at timestamptz, add column updated_at timestamptz, add column amount bigint;
alter table order_words set (fillfactor = 80);

create table transaction_list (
  account_id text collate "C" not null,
  id text collate "C" not null,
  created_at timestamptz not null,
  amount bigint not null,
  status text collate "C",
  captured_at timestamptz,
  refunded_at timestamptz,
  labels text[] collate "C",
  primary key (account_id, id)
) with (
  fillfactor = 70,
  autovacuum_vacuum_scale_factor = 0.05,
  autovacuum_analyze_scale_factor = 0.05
);
create index transaction_list_created on transaction_list (account_id, created_at, id);
create index transaction_list_status on transaction_list (account_id, status, created_at, id);
create index transaction_list_amount on transaction_list (account_id, amount);
-- What was captured or refunded late is met apart: see kvitt/store/pages.py.
create index transaction_list_late_captured on transaction_list (account_id, created_at, id)
  where captured_at - created_at > interval '30 days';
create index transaction_list_late_refunded on transaction_list (account_id, created_at, id)
  where refunded_at - created_at > interval '30 days';

create table transaction_words (
  account_id text collate "C" not null,
  id text collate "C" not null,
  words tsvector not null,
  created_at timestamptz not null,
  primary key (account_id, id)
) with (autovacuum_analyze_scale_factor = 0.05);
create index transaction_words_words on transaction_words using gin (words);
alter table transaction_words alter column words set statistics 400;

create table session_list (
  account_id text collate "C" not null,
  id text collate "C" not null,
  created_at timestamptz not null,
  labels text[] collate "C",
  primary key (account_id, id)
) with (autovacuum_analyze_scale_factor = 0.05);
create index session_list_created on session_list (account_id, created_at, id);

create table session_words (
  account_id text collate "C" not null,
  id text collate "C" not null,
  words tsvector not null,
  created_at timestamptz not null,
  primary key (account_id, id)
) with (autovacuum_analyze_scale_factor = 0.05);
create index session_words_words on session_words using gin (words);

drop index transactions_created;
drop index sessions_created;

-- What was made before this is listed by `kvitt serve` or `kvitt migrate`, which know how to read documents.
update installation set listed = not exists (select from orders)
  and not exists (select from transactions) and not exists (select from sessions);

-- Card tokens. One row per token; the token itself stands nowhere.
create table card_tokens (
  account_id text collate "C" not null,
  id text collate "C" not null,
  version int not null,
  doc text not null,
  customer_id text collate "C",
  status text collate "C",
  created_at timestamptz not null,
  primary key (account_id, id)
) with (fillfactor = 70);
create index card_tokens_created on card_tokens (account_id, created_at);
create index card_tokens_customer_id on card_tokens (account_id, customer_id);
create view card_tokens_json as
  select account_id, id, version, customer_id, status, created_at, doc::jsonb as doc from card_tokens;

-- Rows of lists as they travel: one JSON array a list. `n` is the Change's number in its group, `words` is null where
-- the
-- document is found by what it was found by before.
create type order_list_row as (
  n int, account_id text, id text, created_at timestamptz, updated_at timestamptz, amount bigint, status text,
    payment_status text, customer_id text, store_id text, labels text[], words text[]
);
create type transaction_list_row as (
  n int, account_id text, id text, created_at timestamptz, amount bigint, status text, captured_at timestamptz,
    refunded_at timestamptz, labels text[], words text[]
);
create type session_list_row as (
  n int, account_id text, id text, created_at timestamptz, labels text[], words text[]
);

-- Commits a group that changes lists: as commit_group_v2, and the rows of the lists.
create function commit_group_v4(
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
  order_lists text, session_lists text, transaction_lists text
) returns int[]
language plpgsql
set plan_cache_mode = force_generic_plan
as $$
declare
  refused int[];
begin
  refused := commit_group_v2(
    gid, settings_n, settings_account_id, settings_id, settings_version, settings_doc, settings_kind, drafts_n,
    drafts_account_id, drafts_id, drafts_version, drafts_doc, drafts_status, drafts_created_at, orders_n,
    orders_account_id, orders_id, orders_version, orders_doc, orders_order_id, orders_status, orders_payment_status,
    orders_created_at, sessions_n, sessions_account_id, sessions_id, sessions_version, sessions_doc,
    sessions_merchant_reference, sessions_created_at, transactions_n, transactions_account_id, transactions_id,
    transactions_version, transactions_doc, transactions_session_id, transactions_merchant_reference,
    transactions_status, transactions_created_at, claims_n, claims_account_id, claims_key, claims_value, log_n,
    log_account_id, log_id, log_type, log_object_type, log_object_id, log_version, log_created_at, log_data, tasks_n,
    tasks_account_id, tasks_id, tasks_kind, tasks_due_at, tasks_data, done_n, done_account_id, done_id, postings_n,
    postings_account_id, postings_object_id, postings_id, postings_kind, postings_debit, postings_credit,
    postings_amount, postings_currency, postings_created_at
  );
  -- The documents' own rows are locked by now, so nobody else writes these.
  if order_lists is not null then
    with listed as materialized (
      select * from json_populate_recordset(null::order_list_row, order_lists::json) where n <> all (refused)
    ), shown as (
      insert into order_list as t (account_id, id, created_at, updated_at, amount, status, payment_status, customer_id,
        store_id, labels)
      select account_id, id, created_at, updated_at, amount, status, payment_status, customer_id, store_id, labels
        from listed
      on conflict (account_id, id) do update set
        created_at = excluded.created_at,
        updated_at = excluded.updated_at,
        amount = excluded.amount,
        status = excluded.status,
        payment_status = excluded.payment_status,
        customer_id = excluded.customer_id,
        store_id = excluded.store_id,
        labels = coalesce(excluded.labels, t.labels)
    ), again as (
      update order_words t set created_at = l.created_at, updated_at = l.updated_at, amount = l.amount from listed l
      where l.words is null and t.account_id = l.account_id and t.id = l.id
    )
    insert into order_words (account_id, id, words, created_at, updated_at, amount)
    select account_id, id, array_to_tsvector(words), created_at, updated_at, amount from listed where words is not null
    on conflict (account_id, id) do update set
      words = excluded.words, created_at = excluded.created_at, updated_at = excluded.updated_at,
      amount = excluded.amount;
  end if;
  if transaction_lists is not null then
    with listed as materialized (
      select * from json_populate_recordset(null::transaction_list_row, transaction_lists::json)
      where n <> all (refused)
    ), shown as (
      insert into transaction_list as t (account_id, id, created_at, amount, status, captured_at, refunded_at, labels)
      select account_id, id, created_at, amount, status, captured_at, refunded_at, labels from listed
      on conflict (account_id, id) do update set
        created_at = excluded.created_at,
        amount = excluded.amount,
        status = excluded.status,
        captured_at = excluded.captured_at,
        refunded_at = excluded.refunded_at,
        labels = coalesce(excluded.labels, t.labels)
    )
    insert into transaction_words (account_id, id, words, created_at)
    select account_id, id, array_to_tsvector(words), created_at from listed where words is not null
    on conflict (account_id, id) do update set
      words = excluded.words, created_at = excluded.created_at;
  end if;
  if session_lists is not null then
    with listed as materialized (
      select * from json_populate_recordset(null::session_list_row, session_lists::json) where n <> all (refused)
    ), shown as (
      insert into session_list as t (account_id, id, created_at, labels)
      select account_id, id, created_at, labels from listed
      on conflict (account_id, id) do update set
        created_at = excluded.created_at,
        labels = coalesce(excluded.labels, t.labels)
    )
    insert into session_words (account_id, id, words, created_at)
    select account_id, id, array_to_tsvector(words), created_at from listed where words is not null
    on conflict (account_id, id) do update set
      words = excluded.words, created_at = excluded.created_at;
  end if;
  return refused;
end $$;
