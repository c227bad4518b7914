-- New rows that a loaded row points to which stays: one that is not taken back, by a column that is
-- not put back. What they point to is kept with them.
update undo_plan r set outcome = 'referenced', held_by = {name}
where r.name = %(table)s and r.outcome = 'take_back' and exists (
    select from {referring} x
    where x.{column} = r.row_id and {stands} and x.id <> r.row_id
      and not exists (
          select from undo_plan p
          where p.name = {referring_name} and p.row_id = x.id
            and (p.outcome = 'take_back' or {column_name} = any (p.restores) and p.outcome = 'change')
      )
)
