-- The waiting levels of a system that nothing stands against (%(faulty)s are the others), as lines.
select l.id, l.item_ref, p.product_code, l.warehouse, l.bin, coalesce(l.lot_no, '') as lot_no,
       coalesce(l.serial_no, '') as serial_no, l.mfg_date, l.expiry_date, l.quantity,
       coalesce(nullif(l.quality, ''), 'qualified') as quality, l.unit_cost, l.version
from takeover_statedlevel l
join products_product p on p.id = l.product_id
where l.system = %(system)s and l.takeover_id is null and not l.is_void and l.quantity > 0
  and l.id <> all(%(faulty)s::uuid[])
order by l.warehouse, l.bin, p.product_code, l.item_ref
limit %(limit)s
