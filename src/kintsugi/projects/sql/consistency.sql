-- Fields of one device that several sources state: how many of them all say the same.
with stated as (
    select p.gid, v.key
    from audit_provenance p
    join audit_origin o on o.id = p.origin_id
    join devices_device d on d.id = p.gid and not d.is_void
    cross join lateral jsonb_each_text(p.values) v
    where p.entity = 'device' and p.closed_run_id is null and v.value is not null
    group by p.gid, v.key
    having count(distinct o.source) > 1
),
compared as (
    select s.gid, s.key, count(distinct v.value) as values
    from stated s
    join audit_provenance p on p.gid = s.gid and p.entity = 'device' and p.closed_run_id is null
    cross join lateral jsonb_each_text(p.values) v
    where v.key = s.key and v.value is not null
    group by s.gid, s.key
)
select count(*) filter (where values = 1) as part, count(*) as whole from compared
