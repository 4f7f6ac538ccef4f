-- Card tokens. One row per token; the token itself stands nowhere.
create table card_tokens (
  account_id text collate "C" not null,
  id text collate "C" not null,
  version int not null default 1,
  doc text not null,
  customer_id text collate "C",
  status text collate "C",
  created_at timestamptz not null,
  primary key (account_id, id)
) with (fillfactor = 85);
create index card_tokens_listed on card_tokens (account_id, created_at, id);
create index card_tokens_customer on card_tokens (account_id, customer_id, created_at, id) where customer_id is not null;
