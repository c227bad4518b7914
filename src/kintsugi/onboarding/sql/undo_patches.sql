-- What is written into each row: the values of before, of clean fields only. A row that the run made
-- is voided and keeps its values.
drop table if exists pg_temp.undo_patch;
create temporary table undo_patch on commit drop as
select r.row_id, case when r.made
    then jsonb_build_object('is_void', true, 'void_reason', %(reason)s::text)
    else (select jsonb_object_agg(f.field, f.before) from undo_field f
          where f.row_id = r.row_id and f.outcome = 'restore') end as patch
from undo_row r
where r.outcome = %(outcome)s;
delete from undo_patch where patch is null;
create unique index on undo_patch (row_id);
analyze undo_patch
