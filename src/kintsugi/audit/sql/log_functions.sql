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
    select current_transaction, tg_table_name, n.id, 'I', jsonb_strip_nulls(to_jsonb(n)) - 'id'
    from new_rows n;
    return null;
end $$;

-- A statement often changes two columns of thirty. The first pass finds the columns in which any row
-- differs, by their bytes, which is quick and never misses one; the second compares and writes only
-- these. Statements are put together here so that each is planned for the rows it has: a plan kept
-- from updates of single rows takes the square of the time of a large one.
create or replace function audit_log_update() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp set timezone = 'UTC' set intervalstyle = 'postgres'
set bytea_output = 'hex' as $$
declare
    current_transaction bigint := audit_transaction_id();
    every_column text[];
    columns text[];
    differs text;
    pairs text;
    touched bigint;
    same_ids bigint;
    logged bigint := 0;
begin
    select array_agg(a.attname::text order by a.attnum) into every_column
    from pg_attribute a
    where a.attrelid = tg_relid and a.attnum > 0 and not a.attisdropped and a.attname <> 'id';
    execute (
        select format(
            'select (select count(*) from new_rows), count(*), array_remove(array[%s], null)'
            ' from new_rows n join old_rows o on o.id = n.id',
            string_agg(format('case when bool_or(record_image_ne(row(n.%1$I), row(o.%1$I))) then %1$L end', c), ', '))
        from unnest(every_column) c
    ) into touched, same_ids, columns;
    if same_ids < touched then
        raise exception 'The id of a row of % is for ever', tg_table_name using errcode = 'KT003';
    end if;
    if cardinality(columns) > 0 then
        select
            string_agg(format('(%1$L, coalesce(to_jsonb(o.%1$I), ''null''), coalesce(to_jsonb(n.%1$I), ''null''))', c), ', '),
            string_agg(format('coalesce(to_jsonb(o.%1$I), ''null'') <> coalesce(to_jsonb(n.%1$I), ''null'')', c), ' or ')
        into pairs, differs from unnest(columns) c;
        execute format(
            'insert into audit_change (transaction_id, table_name, row_id, op, before, after)'
            ' select $1, $2, n.id, ''U'', d.before, d.after'
            ' from new_rows n join old_rows o on o.id = n.id'
            ' cross join lateral ('
            '     select jsonb_object_agg(v.name, v.before) as before, jsonb_object_agg(v.name, v.after) as after'
            '     from (values %s) v (name, before, after) where v.before <> v.after'
            ' ) d where d.after is not null',
            pairs
        ) using current_transaction, tg_table_name;
        get diagnostics logged = row_count;
    end if;
    if logged < touched then
        -- Their number and the sum of the last eight bytes of their ids: enough to recognise them.
        execute format(
            'insert into audit_change (transaction_id, table_name, row_id, op, after)'
            ' select $1, $2, ''00000000-0000-0000-0000-000000000000'', ''N'','
            '     jsonb_build_object(''rows'', count(*), ''ids'','
            '         sum((''x'' || right(replace(n.id::text, ''-'', ''''), 16))::bit(64)::bigint)::text)'
            ' from new_rows n join old_rows o on o.id = n.id where not (%s)',
            coalesce(differs, 'false')
        ) using current_transaction, tg_table_name;
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
    select current_transaction, tg_table_name, o.id, 'D', jsonb_strip_nulls(to_jsonb(o)) - 'id'
    from old_rows o;
    return null;
end $$;
