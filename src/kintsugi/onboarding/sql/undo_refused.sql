-- A row that cannot be put back as it was, and the rule that says so.
update undo_row set outcome = 'refused', held_by = %(rule)s where row_id = %(row)s::uuid
