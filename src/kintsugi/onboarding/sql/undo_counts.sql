-- What a rollback does to one table: fields and rows by outcome, and a digest of all of it.
select jsonb_build_object(
    'fields', (select coalesce(jsonb_object_agg(outcome, n), '{}') from (
        select f.outcome, count(*) as n from undo_field f join undo_row r on r.row_id = f.row_id
        where r.outcome <> 'take_back' group by f.outcome) a),
    'rows', (select coalesce(jsonb_object_agg(outcome, n), '{}') from (
        select outcome, count(*) as n from undo_row group by outcome) a),
    'rows_restored', (select count(distinct row_id) from undo_field f
        where f.outcome = 'restore' and exists (
            select from undo_row r where r.row_id = f.row_id and not r.born)),
    'digest', (select to_hex(coalesce(sum(('x' || substr(md5(line), 1, 8))::bit(32)::bigint), 0)::bigint)
            || '-' || to_hex(coalesce(sum(('x' || substr(md5(line), 9, 8))::bit(32)::bigint), 0)::bigint)
        from (
            select concat_ws('|', row_id, field, outcome, before, loaded, current) as line from undo_field
            union all select concat_ws('|', row_id, outcome, held_by) from undo_row
        ) lines)
)::text
