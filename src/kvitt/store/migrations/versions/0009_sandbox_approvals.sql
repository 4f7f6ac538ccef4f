-- What the sandbox's books keep of payments that wait for the customer, and of authorizations that change.

-- Changes how much of a payment is authorized, and until when if `in_expires_at` says so; answers '' or why not: amount,
-- expired or unknown. Moving nothing comes first: it finds out what there is, and makes the sums where there are none.
create function sandbox.adjust_v1(
  in_account_id text, in_payment_id text, in_together text[], in_amount bigint, in_expires_at timestamptz,
  at timestamptz
) returns text
language plpgsql
set plan_cache_mode = force_generic_plan
as $$
declare
  why text := sandbox.move_v1(in_account_id, in_payment_id, in_together, 'adjust', 0, false, at);
begin
  if why <> '' then
    return why;
  end if;
  update sandbox.payments t
  set authorized = in_amount, expires_at = coalesce(in_expires_at, t.expires_at)
  where t.account_id = in_account_id and t.payment_id = in_payment_id
    and in_amount >= t.captured + t.voided and t.captured + t.voided < t.authorized;
  return case when found then '' else 'amount' end;
end $$;

-- As before, and authorizations that change, or that are captured as they are made (`final`, as Swish). A server of the
-- release before sends none.
create or replace function sandbox.record_v1(
  account_ids text[], attempt_ids text[], payment_ids text[], verbs text[], amounts bigint[], currencies text[],
  outcomes text[], created_ats timestamptz[], datas text[], finals boolean[], expires_ats timestamptz[],
  notice_account_ids text[], notice_attempt_ids text[], notice_numbers int[], notice_payment_ids text[],
  notice_due_ats timestamptz[], notice_helds boolean[]
) returns table (account_id text, attempt_id text, outcome text, data text)
language plpgsql
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
  m record;
  why text;
begin
  for m in
    with new as (
      insert into sandbox.movements as t (account_id, attempt_id, payment_id, verb, amount, currency, outcome,
        created_at, data, final, expires_at)
      select * from unnest(account_ids, attempt_ids, payment_ids, verbs, amounts, currencies, outcomes, created_ats,
        datas, finals, expires_ats) as u(a, i, p, v, n, c, o, w, d, f, e)
      order by u.a, u.p, u.i
      on conflict do nothing
      returning t.*
    ), authorized as (
      insert into sandbox.payments as t (account_id, payment_id, currency, authorized, captured, expires_at)
      select n.account_id, n.payment_id, min(n.currency), sum(n.amount),
        coalesce(sum(n.amount) filter (where n.final), 0), max(n.expires_at)
      from new n where n.verb = 'authorize' and n.outcome = 'done'
      group by n.account_id, n.payment_id order by n.account_id, n.payment_id
      on conflict (account_id, payment_id) do update
      set authorized = t.authorized + excluded.authorized, captured = t.captured + excluded.captured,
        expires_at = greatest(t.expires_at, excluded.expires_at)
    )
    select n.*, array_agg(n.attempt_id) over (partition by n.account_id, n.payment_id) as together
    from new n order by n.account_id, n.payment_id, n.attempt_id
  loop
    account_id := m.account_id; attempt_id := m.attempt_id; outcome := m.outcome; data := m.data;
    if m.outcome = 'done' and m.verb <> 'authorize' then
      if m.verb = 'adjust' then
        why := sandbox.adjust_v1(m.account_id, m.payment_id, m.together, m.amount, m.expires_at, m.created_at);
      else
        why := sandbox.move_v1(m.account_id, m.payment_id, m.together, m.verb, m.amount, m.final, m.created_at);
      end if;
      if why <> '' then
        outcome := 'refused';
        data := (m.data::jsonb || jsonb_build_object('refusal', why))::text;
        update sandbox.movements t set outcome = record_v1.outcome, data = record_v1.data
        where t.account_id = m.account_id and t.attempt_id = m.attempt_id;
      end if;
    end if;
    return next;
    if cardinality(notice_attempt_ids) > 0 then
      insert into sandbox.notices (account_id, attempt_id, number, payment_id, due_at, held)
      select u.a, u.i, u.n, u.p, u.w, u.h
      from unnest(notice_account_ids, notice_attempt_ids, notice_numbers, notice_payment_ids, notice_due_ats,
        notice_helds) as u(a, i, n, p, w, h)
      where u.a = m.account_id and u.i = m.attempt_id;
    end if;
  end loop;
end $$;

-- Authorizations that wait for the customer at a bank's page or in an app, or for a review. A wait is over once a
-- movement of its attempt stands; nothing here says so a second time.
create table sandbox.waits (
  account_id text collate "C" not null,
  attempt_id text collate "C" not null,
  payment_id text collate "C" not null,
  session_id text collate "C" not null,
  product text not null,
  kind text not null,
  amount bigint not null,
  currency text not null,
  merchant_name text not null,
  phone_number text,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  review boolean not null,
  held_at timestamptz,
  data text not null,
  primary key (account_id, attempt_id)
);
