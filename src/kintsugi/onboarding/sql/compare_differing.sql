-- Cells that stand otherwise than a source told, and why: another source holds the field, people
-- changed it since, an issue asks about it, or nothing says so.
with d as (
    select s._key, s._row, s._gid, v.field, v.said, v.stands
    from {s} s left join {t} t on t.id = s._gid cross join lateral {cells}
    where v.said is not null and v.stands is distinct from v.said
    order by s._key, v.field limit {limit}
)
select d._key, d._row, d._gid::text as _gid, d.field, d.said, d.stands,
    case
        when not (d.field = any(w.fields)) then 'other-source'
        when exists (
            select from audit_change c join audit_transaction x on x.id = c.transaction_id
            where c.row_id = d._gid and c.table_name = {table} and c.op = 'U'
              and c.after ? (({columns})::jsonb ->> d.field) and x.command not like 'onboarding.%'
        ) then 'corrected'
        when exists (
            select from onboarding_issue i
            where i.entity = {entity} and i.field = d.field and (i.place = d._key or i.gid = d._gid)
              and i.status <> 'gone'
        ) then 'asked'
        else 'unexplained'
    end as reason
from d
left join audit_provenance p on p.entity = {entity} and p.source = {stream}
    and p.source_key = d._key and p.closed_run_id is null
left join audit_fieldset w on w.id = p.won_id
