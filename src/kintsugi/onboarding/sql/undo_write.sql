-- Write the patches of some rows, which are locked and were compared under the lock; once more here:
-- a field that is no longer what was loaded is not written.
update {table} as t
set ({columns}) = (select {columns} from jsonb_populate_record(t, p.patch)),
    version = t.version + 1, updated_at = now()
from undo_patch p
where t.id = p.row_id and p.row_id = any(%(rows)s::uuid[])
  and not exists (
      select from undo_field f
      where f.row_id = p.row_id and jsonb_exists(p.patch, f.field) and f.outcome = 'restore'
        and coalesce(to_jsonb(t) -> f.field, 'null') <> f.loaded
  )
