-- Close what the run brought, put back what it rewrote; a record that was rewritten since stays. Who
-- wins a field is put back where nobody decided anew.
with wanted as (
    select u.id,
        case when u.closes then u.current || jsonb_build_object('closed_run_id', %(by)s::text)
        else (u.target - 'won_id') || jsonb_build_object('won_id',
            case when u.current -> 'won_id' = u.after -> 'won_id'
                then u.target -> 'won_id' else u.current -> 'won_id' end)
        end as row
    from undo_record u
    where u.closes or (u.target is not null and u.current - 'won_id' = u.after - 'won_id')
)
update audit_provenance p
set (gid, origin_id, row, rows, field_rows, values, values_hash, won_id, closed_run_id) = (
    select r.gid, r.origin_id, r.row, r.rows, r.field_rows, r.values, r.values_hash, r.won_id,
        r.closed_run_id
    from jsonb_populate_record(p, w.row) r
)
from wanted w
where w.id = p.id and w.row <> to_jsonb(p)
  and not (p.closed_run_id is not null and w.row ->> 'closed_run_id' is null and exists (
      select from audit_provenance o
      where o.entity = p.entity and o.source = p.source and o.source_key = p.source_key
        and o.closed_run_id is null
  ))
