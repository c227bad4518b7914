-- The change log's functions. Installed by migration, attached to tables by audit.services.

-- The running transaction's row in audit_transaction, made at its first business write from the
-- facts the application set with set_config('kintsugi.context', …, true). Refuses without them.
create or replace function audit_transaction_id() returns bigint
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    known text := current_setting('kintsugi.transaction', true);
    context jsonb;
    made bigint;
begin
    -- The setting is local to the transaction; the xid guards against a session-wide value.
    if known is not null and split_part(known, ':', 1) = pg_current_xact_id()::text then
        return split_part(known, ':', 2)::bigint;
    end if;
    if coalesce(current_setting('kintsugi.context', true), '') = '' then
        raise exception 'A business row was written without a transaction context'
            using errcode = 'KT001',
                  hint = 'Write through a service inside audit.services.recorded(...).';
    end if;
    context := current_setting('kintsugi.context', true)::jsonb;
    if coalesce(context ->> 'actor', '') = '' or coalesce(context ->> 'command', '') = '' then
        raise exception 'The transaction context names no actor or no command'
            using errcode = 'KT001',
                  hint = 'Give audit.services.recorded(...) an actor and a command.';
    end if;
    insert into audit_transaction (xid, at, actor_id, actor, command, reason, request_id, run_id, facts)
    values (
        pg_current_xact_id()::text::bigint, now(), (context ->> 'actor_id')::uuid,
        context ->> 'actor', context ->> 'command', coalesce(context ->> 'reason', ''),
        coalesce(context ->> 'request_id', ''), (context ->> 'run_id')::uuid,
        coalesce(context -> 'facts', '{}'::jsonb)
    )
    on conflict (xid) do nothing
    returning id into made;
    if made is null then  -- made before a savepoint that was rolled back together with the setting
        select t.id into strict made from audit_transaction t
        where t.xid = pg_current_xact_id()::text::bigint;
    end if;
    perform set_config('kintsugi.transaction', pg_current_xact_id()::text || ':' || made, true);
    return made;
end $$;

-- Before a statement: no context, no write; a business table is never truncated.
create or replace function audit_require_context() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if tg_op = 'TRUNCATE' then
        raise exception 'TRUNCATE of the business table % is refused', tg_table_name
            using errcode = 'KT002', hint = 'Rows are voided through their service.';
    end if;
    perform audit_transaction_id();
    return null;
end $$;

create or replace function audit_log_insert() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    current_transaction bigint := audit_transaction_id();
begin
    insert into audit_change (transaction_id, table_name, row_id, op, after)
    select current_transaction, tg_table_name, n.id, 'I', jsonb_strip_nulls(to_jsonb(n) - 'id')
    from new_rows n;
    return null;
end $$;

create or replace function audit_log_update() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    current_transaction bigint := audit_transaction_id();
begin
    if exists (select 1 from new_rows n where not exists (select 1 from old_rows o where o.id = n.id)) then
        raise exception 'The id of a row of % is for ever', tg_table_name using errcode = 'KT003';
    end if;
    insert into audit_change (transaction_id, table_name, row_id, op, before, after)
    select current_transaction, tg_table_name, n.id, 'U', d.before, d.after
    from new_rows n
    join old_rows o on o.id = n.id
    cross join lateral (
        select jsonb_object_agg(a.key, b.value) as before, jsonb_object_agg(a.key, a.value) as after
        from jsonb_each(to_jsonb(n)) a
        join jsonb_each(to_jsonb(o)) b on b.key = a.key
        where a.value is distinct from b.value
    ) d
    where d.after is not null;
    return null;
end $$;

create or replace function audit_log_delete() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    current_transaction bigint := audit_transaction_id();
begin
    insert into audit_change (transaction_id, table_name, row_id, op, before)
    select current_transaction, tg_table_name, o.id, 'D', jsonb_strip_nulls(to_jsonb(o) - 'id')
    from old_rows o;
    return null;
end $$;

-- The log itself only grows.
create or replace function audit_append_only() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception '% on % is refused: the record only grows', tg_op, tg_table_name
        using errcode = 'KT004';
end $$;

-- A status column may only take the steps listed in core_transition.
create or replace function core_check_transition() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
declare
    this_machine text := tg_argv[0];
    was text := to_jsonb(old) ->> tg_argv[1];
    wanted text := to_jsonb(new) ->> tg_argv[1];
begin
    if was is distinct from wanted and not exists (
        select 1 from core_transition t
        where t.machine = this_machine and t.source = was and t.target = wanted
    ) then
        raise exception '%: no step from % to %', this_machine, was, wanted using errcode = 'KT005';
    end if;
    return new;
end $$;
