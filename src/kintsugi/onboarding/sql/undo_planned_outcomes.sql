-- The outcomes of one table as all tables together make them.
update undo_row r set outcome = p.outcome, held_by = p.held_by
from undo_plan p
where p.name = %(table)s and p.row_id = r.row_id and r.outcome <> p.outcome
