-- What a run wrote of one table within a range of row ids, from the change log. ``born``: the row
-- came with the run, made by it or let stand again by it; ``same``: as the run left it.
drop table if exists pg_temp.undo_change, pg_temp.undo_row, pg_temp.undo_field;
create temporary table undo_change on commit drop as
select c.id, c.row_id, c.op, c.before, c.after
from audit_change c join audit_transaction x on x.id = c.transaction_id
where x.run_id = %(run)s and c.table_name = %(table)s and c.op in ('I', 'U')
  and c.row_id > %(low)s and c.row_id <= %(high)s;
create index on undo_change (row_id);
create temporary table undo_row on commit drop as
select row_id, count(*) as n, max(id) as last, bool_or(op = 'I') as made, false as same,
    bool_or(op = 'I') or coalesce(
        (array_agg(before -> 'is_void' order by id) filter (where after ? 'is_void'))[1] = 'true'
        and (array_agg(after -> 'is_void' order by id desc) filter (where after ? 'is_void'))[1]
            = 'false', false
    ) as born,
    ''::text as outcome, ''::text as held_by
from undo_change group by row_id;
create unique index on undo_row (row_id);
create temporary table undo_field (
    row_id uuid, field text, before jsonb, loaded jsonb, current jsonb, last bigint,
    outcome text, changed_by text, changed_at timestamptz, later_run uuid, amends boolean default false
) on commit drop;
analyze undo_change;
analyze undo_row
