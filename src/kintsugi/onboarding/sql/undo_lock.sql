-- Nobody changes these rows until the transaction ends; in the order of their ids.
select count(*) from (
    select t.id from {table} t where t.id in (select r.row_id from undo_row r) order by t.id for update
) locked
