-- The change log's trigger functions, in place of those of install.sql. New in this version:
-- times are written in UTC whatever the session's zone, so that a row reads the same in the log and
-- in the table; and a statement's rows that it touched without changing anything leave one entry
-- (op N), so that every row version in the write-ahead log is accounted for.
create or replace function audit_log_insert() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp set timezone = 'UTC' set intervalstyle = 'postgres'
set bytea_output = 'hex' as $$
declare
    current_transaction bigint := audit_transaction_id();
begin
    insert into audit_change (transaction_id, table_name, row_id, op, after)
    select current_transaction, tg_table_name, n.id, 'I', jsonb_strip_nulls(to_jsonb(n) - 'id')
    from new_rows n;
    return null;
end $$;

create or replace function audit_log_update() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp set timezone = 'UTC' set intervalstyle = 'postgres'
set bytea_output = 'hex' as $$
declare
    current_transaction bigint := audit_transaction_id();
    logged bigint;
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
    get diagnostics logged = row_count;
    if logged < (select count(*) from new_rows) then
        -- Their number and the sum of the last eight bytes of their ids: enough to recognise them.
        insert into audit_change (transaction_id, table_name, row_id, op, after)
        select current_transaction, tg_table_name, '00000000-0000-0000-0000-000000000000', 'N',
               jsonb_build_object(
                   'rows', count(*),
                   'ids', sum(('x' || right(replace(n.id::text, '-', ''), 16))::bit(64)::bigint)::text)
        from new_rows n
        join old_rows o on o.id = n.id
        where to_jsonb(n) = to_jsonb(o);
    end if;
    return null;
end $$;

create or replace function audit_log_delete() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp set timezone = 'UTC' set intervalstyle = 'postgres'
set bytea_output = 'hex' as $$
declare
    current_transaction bigint := audit_transaction_id();
begin
    insert into audit_change (transaction_id, table_name, row_id, op, before)
    select current_transaction, tg_table_name, o.id, 'D', jsonb_strip_nulls(to_jsonb(o) - 'id')
    from old_rows o;
    return null;
end $$;
