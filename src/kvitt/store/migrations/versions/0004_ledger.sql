-- The ledger: every movement of money, committed with what caused it.

-- One row is one posting with both its sides, so none can be out of balance. `id` is made from the cause: what moved
-- money once cannot move it again. Postings are written and never changed.
create table postings (
  account_id text collate "C" not null,
  object_id text collate "C" not null,
  id text collate "C" not null,
  kind text not null,
  debit text not null,
  credit text not null,
  amount bigint not null check (amount > 0),
  currency text not null,
  created_at timestamptz not null,
  primary key (account_id, object_id, id),
  check (debit <> credit)
);

-- Commits a group that moves money: as commit_group_v1, and the postings of those that it did not refuse. A posting that
-- stands already aborts the group: it goes again in halves until the guilty Change is alone. That is dear and never
-- happens while versions are compared; it is the floor under them.
create function commit_group_v2(
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
    postings_created_at timestamptz[]
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
  return refused;
end $$;
