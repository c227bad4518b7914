-- Rows a chunk looked at, those that keep something, and fields that were put back.
select
    (select count(*) from undo_row r where r.born = %(born)s),
    (select count(*) from undo_row r where r.born = %(born)s and (
        r.outcome in ('edited', 'referenced', 'refused') or (not r.born and exists (
            select from undo_field f where f.row_id = r.row_id
              and f.outcome in ('changed', 'later_run', 'gone')))
    )),
    (select count(*) from undo_field f join undo_row r on r.row_id = f.row_id and r.born = %(born)s
     where f.outcome = 'restore' and r.outcome in ('change', 'take_back'))
