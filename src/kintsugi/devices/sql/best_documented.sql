-- The device with the most source streams, then the most records.
select d.id
from devices_device d join audit_provenance p on p.gid = d.id and p.entity = 'device'
    and p.closed_run_id is null
where not d.is_void
group by d.id
order by count(distinct split_part(p.source, '/', 1)) desc, count(*) desc, d.id
limit 1
