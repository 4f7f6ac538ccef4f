-- Clocks of test accounts that run ahead, and the sandbox's sums, faults and notices.
-- Servers of the release before know nothing of these: they take tasks by the wall's time and record without sums.

-- How far an account's time is ahead of the wall's. It only grows. An account without a row has the wall's time.
create table clocks (
  account_id text collate "C" primary key,
  ahead interval not null,
  moved_at timestamptz not null default now()
);
create index clocks_moved on clocks (moved_at);

-- Moves a clock from where it was read, with the request's key if it has one. SQLSTATE KV001 means Conflict: it was
-- moved meanwhile, or the key is taken. `old` is null when there was no row.
create function clocks_advance_v1(
  in_account_id text, old interval, new interval, claim_keys text[], claim_values text[]
) returns void
language plpgsql as $$
declare
  written bigint;
begin
  insert into clocks as c (account_id, ahead) values (in_account_id, new)
  on conflict (account_id) do update set ahead = excluded.ahead, moved_at = now() where c.ahead = old;
  get diagnostics written = row_count;
  perform all_or_nothing_v1(written, 1);
  insert into claims (account_id, key, value)
  select in_account_id, u.k, u.v from unnest(claim_keys, claim_values) as u(k, v)
  on conflict do nothing;
  get diagnostics written = row_count;
  perform all_or_nothing_v1(written, cardinality(claim_keys));
end $$;

-- The sandbox provider keeps sums of each payment, as an acquirer does: nothing is captured beyond what was authorized,
-- after a void or after the authorization ended, and nothing refunded beyond what was captured.
alter table sandbox.movements
  add column final boolean not null default false,
  add column expires_at timestamptz;

create table sandbox.payments (
  account_id text collate "C" not null,
  payment_id text collate "C" not null,
  currency text not null,
  authorized bigint not null,
  captured bigint not null default 0,
  refunded bigint not null default 0,
  voided bigint not null default 0,
  expires_at timestamptz,
  primary key (account_id, payment_id)
) with (fillfactor = 70);

-- News of outcomes, to be sent to kvitt. `due_at` stands in the account's time. One that is held goes after the next
-- one of its payment, or when it is due.
create table sandbox.notices (
  account_id text collate "C" not null,
  attempt_id text collate "C" not null,
  number int not null,
  payment_id text collate "C" not null,
  due_at timestamptz not null,
  held boolean not null default false,
  tries int not null default 0,
  primary key (account_id, attempt_id, number)
);
create index notices_due on sandbox.notices (due_at);
create index notices_payment on sandbox.notices (account_id, payment_id);

-- Fault scripts. `rule` is JSON that the sandbox reads; what has to be counted over all processes stands beside it.
-- `chance`: of 10000. `seen` counts the calls that a rule matched, `used` those it struck.
create table sandbox.scripts (
  account_id text collate "C" primary key,
  changed_at timestamptz not null
);
create index scripts_changed on sandbox.scripts (changed_at);
create table sandbox.faults (
  account_id text collate "C" not null,
  id text collate "C" not null,
  position bigint not null generated always as identity,
  rule text not null,
  chance int not null,
  seed bigint not null,
  times int,
  seen bigint not null default 0,
  used bigint not null default 0,
  primary key (account_id, id)
);

-- Writes movements whose attempts are new, and answers what stands of these: a movement that the sums do not allow is
-- refused. Goes by payment in key order, so that two servers never wait for each other.
create function sandbox.record_v1(
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
      insert into sandbox.payments as t (account_id, payment_id, currency, authorized, expires_at)
      select n.account_id, n.payment_id, min(n.currency), sum(n.amount), max(n.expires_at)
      from new n where n.verb = 'authorize' and n.outcome = 'done'
      group by n.account_id, n.payment_id order by n.account_id, n.payment_id
      on conflict (account_id, payment_id) do update
      set authorized = t.authorized + excluded.authorized, expires_at = greatest(t.expires_at, excluded.expires_at)
    )
    select n.*, array_agg(n.attempt_id) over (partition by n.account_id, n.payment_id) as together
    from new n order by n.account_id, n.payment_id, n.attempt_id
  loop
    account_id := m.account_id; attempt_id := m.attempt_id; outcome := m.outcome; data := m.data;
    if m.outcome = 'done' and m.verb <> 'authorize' then
      why := sandbox.move_v1(m.account_id, m.payment_id, m.together, m.verb, m.amount, m.final, m.created_at);
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

-- Moves money of a payment; answers '' or why not: amount, expired or unknown. A payment that a server of the release
-- before recorded has no sums yet: they are made of its movements, less those of `in_together`, which are being
-- recorded and are added each in its turn.
create function sandbox.move_v1(
  in_account_id text, in_payment_id text, in_together text[], in_verb text, in_amount bigint, in_final boolean,
  at timestamptz
) returns text
language plpgsql
set plan_cache_mode = force_generic_plan
as $$
declare
  p record;
begin
  for n in 1 .. 2 loop
    update sandbox.payments t
    set captured = t.captured + case when in_verb = 'capture' then in_amount else 0 end,
        refunded = t.refunded + case when in_verb = 'refund' then in_amount else 0 end,
        voided = t.voided + case
          when in_verb = 'void' then in_amount
          when in_verb = 'capture' and in_final then t.authorized - t.captured - t.voided - in_amount
          else 0 end
    where t.account_id = in_account_id and t.payment_id = in_payment_id
      and case when in_verb = 'refund' then in_amount <= t.captured - t.refunded
        else in_amount <= t.authorized - t.captured - t.voided and (t.expires_at is null or at < t.expires_at) end;
    if found then
      return '';
    end if;
    select * into p from sandbox.payments t where t.account_id = in_account_id and t.payment_id = in_payment_id;
    if found then
      return case when in_verb <> 'refund' and at >= p.expires_at then 'expired' else 'amount' end;
    end if;
    insert into sandbox.payments (account_id, payment_id, currency, authorized, captured, refunded, voided)
    select in_account_id, in_payment_id, min(t.currency),
      sum(t.amount) filter (where t.verb = 'authorize'),
      coalesce(sum(t.amount) filter (where t.verb = 'capture'), 0),
      coalesce(sum(t.amount) filter (where t.verb = 'refund'), 0),
      coalesce(sum(t.amount) filter (where t.verb = 'void'), 0)
    from sandbox.movements t
    where t.account_id = in_account_id and t.payment_id = in_payment_id and t.outcome = 'done'
      and t.attempt_id <> all (in_together)
    having count(*) filter (where t.verb = 'authorize') > 0
    on conflict do nothing;
  end loop;
  return 'unknown';
end $$;

-- Changes an account's fault script: drops rules (all of them, with null), then adds some at its end; those that stand
-- there already stay. False when it would have more than `most`; nothing is changed then.
create function sandbox.script_v1(
  in_account_id text, dropped text[], ids text[], rules text[], chances int[], seeds bigint[], times int[], most int
) returns boolean
language plpgsql as $$
begin
  insert into sandbox.scripts as s (account_id, changed_at) values (in_account_id, clock_timestamp())
  on conflict (account_id) do update set changed_at = excluded.changed_at;
  if cardinality(ids) + (
    select count(*) from sandbox.faults f
    where f.account_id = in_account_id and dropped is not null and f.id <> all (dropped) and f.id <> all (ids)
  ) > most then
    return false;
  end if;
  delete from sandbox.faults f where f.account_id = in_account_id and (dropped is null or f.id = any (dropped));
  insert into sandbox.faults (account_id, id, rule, chance, seed, times)
  select in_account_id, u.i, u.r, u.c, u.s, u.t
  from unnest(ids, rules, chances, seeds, times) with ordinality as u(i, r, c, s, t, n) order by u.n
  on conflict do nothing;
  return true;
end $$;
