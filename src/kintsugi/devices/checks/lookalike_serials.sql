-- Devices a run brought whose serial differs from another device's of the same product only in
-- letters and digits that people and printers confuse: O/0, I/1, B/8. They are never merged by
-- themselves; a person decides.
select distinct on (p.source, p.source_key)
    p.source_key as _key, p.row as _row, 'serial_no' as field, d.serial_no as value,
    other.serial_no as proposal, d.id as gid
from audit_origin o
join audit_provenance p on p.origin_id = o.id
join devices_device d on d.id = p.gid
join devices_device other
    on other.product_id = d.product_id
    and translate(other.serial_no, 'OIB', '018') = translate(d.serial_no, 'OIB', '018')
    and other.id <> d.id
where o.run_id = %s and o.entity = 'device' and o.stream = %s
    and not d.is_void and not other.is_void
order by p.source, p.source_key, other.serial_no
