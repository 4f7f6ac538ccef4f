-- Webhooks. One delivery is one event for one subscription; it is tried until it is delivered or dead. Deliveries of one
-- lane (an object, for one subscription) go one after another, in the order of seq; one task per lane works on them.
-- Servers of the release before know nothing of these and do not touch them.
create table deliveries (
  account_id text collate "C" not null,
  id text collate "C" not null,
  subscription_id text collate "C" not null,
  lane text collate "C" not null,
  seq bigint not null generated always as identity,
  event text not null,
  status text not null,
  version int not null default 1,
  tries int not null default 0,
  created_at timestamptz not null,
  body text not null,
  attempts text not null default '[]',
  primary key (account_id, id)
) with (fillfactor = 80);
create index deliveries_listed on deliveries (account_id, subscription_id, seq);
create index deliveries_waiting on deliveries (account_id, subscription_id, lane, seq) where status = 'waiting';
create index deliveries_created on deliveries (created_at);

-- How far an account's feed was read for its subscriptions.
create table hook_cursors (
  account_id text collate "C" primary key,
  epoch int not null,
  xid xid8 not null,
  seq bigint not null
) with (fillfactor = 50);

-- The accounts whose feed is to be read: those with an active subscription.
create index settings_hooks on settings (account_id) where kind = 'hooks';

do $$
begin
  alter table deliveries alter column body set compression lz4;
exception when feature_not_supported or invalid_parameter_value then
  null;
end $$;

-- Moves the cursor and owes the deliveries, both or neither. False when somebody else moved it meanwhile. The lanes'
-- tasks are locked, and made where they are missing: whoever settles a lane's delivery at the same time waits, or we do.
create function hooks_fan_out_v1(
  in_account_id text,
  old_epoch int, old_xid text, old_seq bigint, new_epoch int, new_xid text, new_seq bigint,
  task_ids text[], task_data text[],
  ids text[], subscription_ids text[], lanes text[], events text[], bodies text[], at timestamptz
) returns boolean
language plpgsql as $$
begin
  insert into hook_cursors as c (account_id, epoch, xid, seq)
  values (in_account_id, new_epoch, new_xid::xid8, new_seq)
  on conflict (account_id) do update set epoch = excluded.epoch, xid = excluded.xid, seq = excluded.seq
  where (c.epoch, c.xid, c.seq) = (old_epoch, old_xid::xid8, old_seq);
  if not found then
    return false;
  end if;
  perform hooks_owe_v1(in_account_id, task_ids, task_data, ids, subscription_ids, lanes, events, bodies, at);
  return true;
end $$;

-- Owes deliveries. One that is owed already stays as it is, so this may be repeated.
create function hooks_owe_v1(
  in_account_id text, task_ids text[], task_data text[],
  ids text[], subscription_ids text[], lanes text[], events text[], bodies text[], at timestamptz
) returns void
language plpgsql as $$
begin
  insert into tasks as t (account_id, id, kind, due_at, data)
  select in_account_id, u.i, 'hooks.deliver', now(), u.d from unnest(task_ids, task_data) as u(i, d) order by u.i
  on conflict (account_id, id) do update set data = excluded.data;
  insert into deliveries (account_id, id, subscription_id, lane, event, status, created_at, body)
  select in_account_id, u.i, u.s, u.l, u.e, 'waiting', at, u.b
  from unnest(ids, subscription_ids, lanes, events, bodies) with ordinality as u(i, s, l, e, b, n) order by u.n
  on conflict (account_id, id) do nothing;
end $$;

-- Writes down an attempt and what became of the delivery, and lets the lane go on: with the same at in_due_at, with the
-- next at once, or not at all. False when the delivery was settled by somebody else; then nothing is written.
create function hooks_settle_v1(
  in_account_id text, in_id text, in_version int, in_task_id text,
  in_status text, in_tries int, in_attempts text, in_due_at timestamptz
) returns boolean
language plpgsql as $$
declare
  settled record;
begin
  perform from tasks t where t.account_id = in_account_id and t.id = in_task_id for update;
  update deliveries d
  set status = in_status, version = d.version + 1, tries = in_tries, attempts = in_attempts
  where d.account_id = in_account_id and d.id = in_id and d.version = in_version and d.status = 'waiting'
  returning d.subscription_id, d.lane into settled;
  if not found then
    return false;
  end if;
  if in_status = 'waiting' then
    update tasks t set due_at = in_due_at where t.account_id = in_account_id and t.id = in_task_id;
  elsif exists (
    select from deliveries d
    where d.account_id = in_account_id and d.subscription_id = settled.subscription_id and d.lane = settled.lane
      and d.status = 'waiting'
  ) then
    update tasks t set due_at = now(), tries = 0 where t.account_id = in_account_id and t.id = in_task_id;
  else
    delete from tasks t where t.account_id = in_account_id and t.id = in_task_id;
  end if;
  return true;
end $$;

-- Ends a lane: of a subscription that is gone (what waits there is dropped), or one where nothing waits.
create function hooks_end_lane_v1(in_account_id text, in_task_id text, in_subscription_id text, in_lane text, gone boolean)
returns void
language plpgsql as $$
begin
  perform from tasks t where t.account_id = in_account_id and t.id = in_task_id for update;
  if gone then
    delete from deliveries d
    where d.account_id = in_account_id and d.subscription_id = in_subscription_id and d.lane = in_lane
      and d.status = 'waiting';
  end if;
  if exists (
    select from deliveries d
    where d.account_id = in_account_id and d.subscription_id = in_subscription_id and d.lane = in_lane
      and d.status = 'waiting'
  ) then
    update tasks t set due_at = now() where t.account_id = in_account_id and t.id = in_task_id;
  else
    delete from tasks t where t.account_id = in_account_id and t.id = in_task_id;
  end if;
end $$;

-- Makes settled deliveries wait again and their lanes go on at once, whatever they were waiting for.
create function hooks_replay_v1(in_account_id text, task_ids text[], task_data text[], ids text[]) returns void
language plpgsql as $$
begin
  insert into tasks as t (account_id, id, kind, due_at, data)
  select in_account_id, u.i, 'hooks.deliver', now(), u.d from unnest(task_ids, task_data) as u(i, d) order by u.i
  on conflict (account_id, id) do update set due_at = least(t.due_at, excluded.due_at);
  update deliveries d set status = 'waiting', version = d.version + 1, tries = 0
  from unnest(ids) as u(i)
  where d.account_id = in_account_id and d.id = u.i and d.status <> 'waiting';
end $$;
