-- Rows that nobody but the run and its rollback touched: as the log says they were before the run, and
-- as they stand now. Void rows are no content. Worked out from the log, not from what was written.
with touched as (
    select c.row_id, min(c.id) as first
    from audit_change c join audit_transaction x on x.id = c.transaction_id
    where x.run_id = %(run)s and c.table_name = %(table)s and c.op in ('I', 'U')
    group by c.row_id
),
alone as (
    select t.row_id, t.first from touched t
    where not exists (
        select from audit_change c join audit_transaction x on x.id = c.transaction_id
        where c.row_id = t.row_id and c.table_name = %(table)s and c.id > t.first
          and x.run_id is distinct from %(run)s and x.run_id is distinct from %(by)s
          and c.after - array['id', 'version', 'created_at', 'updated_at'] <> '{{}}'
    )
),
states as (
    select a.row_id, (
        select jsonb_strip_nulls(jsonb_object_agg(k.key, k.value)) - array['id', 'version', 'created_at', 'updated_at'] from (
            select distinct on (e.key) e.key, e.value
            from audit_change c cross join lateral jsonb_each(c.after) e
            where c.row_id = a.row_id and c.table_name = %(table)s and c.id < a.first
            order by e.key, c.id desc
        ) k
    ) as was, jsonb_strip_nulls(to_jsonb(t)) - array['id', 'version', 'created_at', 'updated_at'] as is_now
    from alone a join {table} t on t.id = a.row_id
),
lines as (
    select case when was -> 'is_void' = 'false' then md5(row_id || was::text) end as was,
        case when is_now -> 'is_void' = 'false' then md5(row_id || is_now::text) end as is_now
    from states
)
select (select count(*) from touched), (select count(*) from alone), count(was), count(is_now),
    to_hex(coalesce(sum(('x' || substr(was, 1, 10))::bit(40)::bigint), 0)::bigint),
    to_hex(coalesce(sum(('x' || substr(is_now, 1, 10))::bit(40)::bigint), 0)::bigint)
from lines
