-- New rows that another table points to are kept.
update undo_plan r set outcome = 'referenced', held_by = {name}
where r.name = %(table)s and r.outcome = 'take_back' and exists (
    select from {referring} x where x.{column} = r.row_id and {stands}
)
