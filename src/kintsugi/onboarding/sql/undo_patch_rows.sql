-- Rows that have a patch.
select row_id from undo_patch order by 1
