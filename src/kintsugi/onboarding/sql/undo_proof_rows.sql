-- Rows of one table that a run wrote, since when, and whether nobody but the run and its rollback
-- touched them afterwards.
drop table if exists pg_temp.undo_touched;
create temporary table undo_touched on commit drop as
select c.row_id, min(c.id) as first, false as shared
from audit_change c join audit_transaction x on x.id = c.transaction_id
where x.run_id = %(run)s and c.table_name = %(table)s and c.op in ('I', 'U')
group by c.row_id;
create unique index on undo_touched (row_id);
analyze undo_touched;
update undo_touched t set shared = true
where exists (
    select from audit_change c
    where c.row_id = t.row_id and c.table_name = %(table)s and c.id + 0 > t.first
      and c.after - array['id', 'version', 'created_at', 'updated_at'] <> '{}'
      and (select x.run_id from audit_transaction x where x.id = c.transaction_id) is distinct from %(run)s
      and (select x.run_id from audit_transaction x where x.id = c.transaction_id) is distinct from %(by)s
)
