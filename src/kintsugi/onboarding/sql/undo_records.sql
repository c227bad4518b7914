-- The crosswalk's records that the run brought or rewrote, behind the rows of a range. ``target`` is
-- what each becomes; ``closes``: the run brought it, so its source key may be met anew.
drop table if exists pg_temp.undo_record;
create temporary table undo_record on commit drop as
select p.id, h.before as target, false as closes, o.run_id as now_run, h.after,
    to_jsonb(p) as current
from audit_provenance p
join audit_origin o on o.id = p.origin_id
left join lateral (
    select (array_agg(c.before order by c.id))[1] as before,
        (array_agg(c.after order by c.id desc))[1] as after
    from audit_crosswalkchange c where c.provenance_id = p.id and c.run_id = %(run)s
) h on true
where p.entity = %(entity)s and p.gid > %(low)s and p.gid <= %(high)s
  and (o.run_id = %(run)s or h.before is not null)
  and not exists (
      select from undo_row r where r.row_id = p.gid and r.outcome in ('edited', 'referenced', 'refused')
  )
  and exists (select from undo_row r where r.row_id = p.gid and r.born) = %(born)s;
create unique index on undo_record (id);
analyze undo_record;
update undo_record u set closes = true
where u.now_run = %(run)s and u.current ->> 'closed_run_id' is null
  and (u.target is null or (u.target ->> 'closed_run_id' is null and exists (
      select from audit_origin o
      where o.id = (u.target ->> 'origin_id')::bigint and o.run_id = %(run)s
  )))
