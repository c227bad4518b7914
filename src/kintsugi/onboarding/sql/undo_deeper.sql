-- A record whose earlier version came from a run that was rolled back too goes back one further.
update undo_record u set
    target = (
        select c.before from audit_crosswalkchange c
        where c.provenance_id = u.id and c.run_id = o.run_id order by c.id limit 1
    ),
    closes = not exists (
        select from audit_crosswalkchange c where c.provenance_id = u.id and c.run_id = o.run_id
    )
from audit_origin o join onboarding_run y on y.id = o.run_id
where o.id = (u.target ->> 'origin_id')::bigint and not u.closes
  and u.target ->> 'closed_run_id' is null
  and y.status in ('reverted', 'partly-reverted') and o.run_id <> %(run)s
  and o.run_id is distinct from %(stands)s
