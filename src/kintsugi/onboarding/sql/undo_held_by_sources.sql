-- New rows that records of other runs stand behind are kept.
update undo_row r set outcome = 'referenced', held_by = 'audit_provenance'
where r.outcome = 'take_back' and exists (
    select from audit_provenance p join audit_origin o on o.id = p.origin_id
    where p.gid = r.row_id and p.entity = %(entity)s and p.closed_run_id is null
      and o.run_id <> %(run)s
)
