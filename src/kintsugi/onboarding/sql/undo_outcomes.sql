-- What becomes of each field. A run that was rolled back before has changed what "before" means.
update undo_field f set before = a.before
from (
    select distinct on (i.row_id, i.field) i.row_id, i.field, i.before
    from onboarding_rollbackitem i
    join onboarding_rollback b on b.id = i.rollback_id
    join onboarding_run u on u.id = b.run_id
    where i.later_run_id = %(run)s and i.amends and i.stage = 'apply' and u.status in ('applied', 'verified')
    order by i.row_id, i.field, i.id desc
) a
where a.row_id = f.row_id and a.field = f.field;
update undo_field f set outcome = case
    when f.current is null then 'gone'
    when f.current = f.loaded then case when f.before = f.loaded then 'already' else 'restore' end
    when f.current = f.before and not r.born then 'already'
    when r.born then 'edited'
    else 'changed' end
from undo_row r where r.row_id = f.row_id;
update undo_field f set (changed_by, changed_at, later_run) = (
    select x.actor, x.at, x.run_id
    from audit_change c join audit_transaction x on x.id = c.transaction_id
    where c.row_id = f.row_id and c.table_name = %(table)s and c.id + 0 > f.last
      and jsonb_exists(c.after, f.field)
    order by c.id + 0 desc limit 1
)
where f.outcome in ('edited', 'changed');
update undo_field f set (later_run, amends) = (
    select coalesce(x.run_id, f.later_run), x.run_id is not null
    from audit_change c join audit_transaction x on x.id = c.transaction_id
    where c.row_id = f.row_id and c.table_name = %(table)s and c.id + 0 > f.last
      and jsonb_exists(c.after, f.field)
    order by c.id + 0 limit 1
)
where f.outcome in ('edited', 'changed');
update undo_field f set outcome = 'later_run'
from undo_row r
where r.row_id = f.row_id and f.outcome = 'changed' and f.later_run is not null;
update undo_row r set outcome = case
    when r.born and not r.same and exists (
        select from undo_field f where f.row_id = r.row_id and f.outcome in ('edited', 'gone')
    ) then 'edited'
    when r.born then 'take_back'
    else 'change' end
