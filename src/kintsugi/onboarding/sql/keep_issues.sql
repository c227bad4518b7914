-- Issues of this run: new ones are added, known ones point to this run, fixed ones open again.
insert into onboarding_issue as known (
    id, source_id, run_id, entity, rule, severity, place, table_no, table_name, row, column_no,
    header, field, value, proposal, raw_hash, gid, status
)
select id, source_id, run_id, entity, rule, severity, place, table_no, table_name, row, column_no,
       coalesce(header, ''), coalesce(field, ''), coalesce(value, ''), proposal, raw_hash, gid,
       'open'
from incoming_issue
on conflict (source_id, entity, rule, place, field, raw_hash) do update set
    run_id = excluded.run_id, severity = excluded.severity, table_no = excluded.table_no,
    table_name = excluded.table_name, row = excluded.row, column_no = excluded.column_no,
    header = excluded.header, proposal = excluded.proposal,
    gid = coalesce(excluded.gid, known.gid),
    status = case when known.status = 'gone' then 'open' else known.status end,
    version = known.version + 1, updated_at = now()
where (known.run_id, known.status) is distinct from (excluded.run_id, 'open')
