-- Write the patches of some rows. They were locked before they were compared, so that nobody can have
-- changed them since. {values}: a column of the patch where it names one, else as it is.
update {table} as t
set {values}, version = t.version + 1, updated_at = now()
from undo_patch p
cross join lateral jsonb_populate_record(null::{table}, p.patch) r
where t.id = p.row_id and p.row_id = any(%(rows)s::uuid[])
