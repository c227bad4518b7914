-- All source records behind some rows, with the authority of their sources.
select
    p.id as _id, p.gid as _gid, p.source as _source, p.source_key as _key,
    o.authority as _authority,
    to_char(o.observed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as _observed,
    p.origin_id as _origin, p.row as _row, p.field_rows::text as _field_rows, p.won_id as _won,
    p.values::text as values
from audit_provenance p
join audit_origin o on o.id = p.origin_id
where p.gid = any(%s::uuid[]) and p.closed_run_id is null
order by p.gid, p.source, p.source_key
