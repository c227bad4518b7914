-- What stays as it is, with who changed it: fields, and new rows that are kept.
insert into onboarding_rollbackitem (
    id, rollback_id, stage, entity, row_id, field, outcome, before, loaded, current, changed_by,
    changed_at, later_run_id, amends
)
select gen_random_uuid(), %(rollback)s::uuid, %(stage)s, %(entity)s, i.* from (
    select f.row_id, f.field, f.outcome, f.before, f.loaded, f.current, coalesce(f.changed_by, ''),
        f.changed_at, f.later_run, coalesce(f.amends, false)
    from undo_field f join undo_row r on r.row_id = f.row_id and r.born = %(born)s
    where f.outcome in ('edited', 'changed', 'later_run', 'gone')
    union all
    select r.row_id, '', r.outcome, null, to_jsonb(r.held_by), null, '', null, null, false
    from undo_row r
    where r.outcome in ('referenced', 'refused') and r.born = %(born)s
) i
order by 1, 2
