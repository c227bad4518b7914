-- Keep what was worked out for one table while the others are looked at.
create temporary table if not exists undo_plan (
    name text, row_id uuid, outcome text, held_by text, restores text[]
) on commit drop;
insert into undo_plan
select %(table)s, r.row_id, r.outcome, r.held_by, (
    select array_agg(f.field) from undo_field f where f.row_id = r.row_id and f.outcome = 'restore'
)
from undo_row r;
create index if not exists undo_plan_row on undo_plan (row_id)
