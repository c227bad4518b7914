-- Rows that nobody but the run and its rollback touched: as the log says they were before the run, and
-- as they stand now. Void rows are no content. Worked out from the log, not from what was written.
-- ``id + 0``: by the index of rows, never by walking through the whole log.
with states as (
    select a.row_id, (
        select jsonb_strip_nulls(jsonb_object_agg(k.key, k.value)) - array['id', 'version', 'created_at', 'updated_at'] from (
            select distinct on (e.key) e.key, e.value
            from audit_change c cross join lateral jsonb_each(c.after) e
            where c.row_id = a.row_id and c.table_name = %(table)s and c.id + 0 < a.first
            order by e.key, c.id desc
        ) k
    ) as was, jsonb_strip_nulls(to_jsonb(t)) - array['id', 'version', 'created_at', 'updated_at'] as is_now
    from undo_touched a join {table} t on t.id = a.row_id
    where not a.shared
),
lines as (
    select case when was -> 'is_void' = 'false' then md5(row_id || was::text) end as was,
        case when is_now -> 'is_void' = 'false' then md5(row_id || is_now::text) end as is_now
    from states
)
select (select count(*) from undo_touched), (select count(*) from undo_touched where not shared), count(was), count(is_now),
    to_hex(coalesce(sum(('x' || substr(was, 1, 10))::bit(40)::bigint), 0)::bigint),
    to_hex(coalesce(sum(('x' || substr(is_now, 1, 10))::bit(40)::bigint), 0)::bigint)
from lines
