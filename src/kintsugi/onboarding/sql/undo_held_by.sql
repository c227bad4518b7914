-- New rows that a row points to which stands are kept.
update undo_row r set outcome = 'referenced', held_by = {name}
where r.outcome = 'take_back' and exists (
    select from {referring} x where x.{column} = r.row_id and {stands}
)
