-- Columns that any patch names.
select distinct k.key from undo_patch p cross join lateral jsonb_object_keys(p.patch) k (key) order by 1
