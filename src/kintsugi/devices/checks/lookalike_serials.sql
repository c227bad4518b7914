-- Devices whose serial differs from another one's of the same product only in letters and digits
-- that people and printers confuse: O/0, I/1, B/8. They are never merged by themselves; a person
-- decides. Every source record of either device is returned where one of the two came or changed
-- with this stream of this run.
with touched as (
    select distinct p.gid
    from audit_origin o join audit_provenance p on p.origin_id = o.id
    where o.run_id = %s and o.entity = 'device' and o.stream = %s
),
pairs as (
    select d.id, d.serial_no, other.id as other_id, other.serial_no as other_serial
    from touched t
    join devices_device d on d.id = t.gid
    join devices_device other
        on other.product_id = d.product_id
        and translate(other.serial_no, 'OIB', '018') = translate(d.serial_no, 'OIB', '018')
        and other.id <> d.id
    where not d.is_void and not other.is_void
),
both_ways as (
    select id, serial_no, other_serial from pairs
    union
    select other_id, other_serial, serial_no from pairs
)
select
    o.run_id as _run, o.table_no as _table_no, o.table_name as _table_name,
    o.columns -> 'serial_no' -> 0 ->> 'ordinal' as _ordinal,
    o.columns -> 'serial_no' -> 0 ->> 'header' as _header,
    p.source_key as _key, p.row as _row, 'serial_no' as field,
    b.serial_no as value, min(b.other_serial) as proposal, b.id as gid
from both_ways b
join audit_provenance p on p.gid = b.id and p.entity = 'device' and p.closed_run_id is null
join audit_origin o on o.id = p.origin_id
group by o.id, p.id, b.id, b.serial_no
order by o.id, p.row
