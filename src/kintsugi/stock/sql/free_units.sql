-- The same for serial units: one row a unit.
select u.product_id, u.lot_id, u.location_id, u.id as unit_id, 1 as free, u.serial_no, u.expiry_date,
       l.code as location, w.code as warehouse
from stock_unit u
join stock_location l on l.id = u.location_id
left join stock_warehouse w on w.id = l.warehouse_id
where u.product_id = %(product)s and u.quality = 'qualified' and not u.is_void
  and (l.kind = 'bin' and l.zone = 'qualified' or l.kind = 'van')
  and (%(warehouse)s::uuid is null or l.warehouse_id = %(warehouse)s)
  and (u.expiry_date is null or u.expiry_date >= %(usable_on)s)
  and not exists (select 1 from stock_reservation v where v.unit_id = u.id and v.status = 'active')
  and not exists (
      select 1 from stock_block k
      where k.product_id = u.product_id and k.released_at is null and not k.is_void
        and (k.unit_id is null or k.unit_id = u.id) and (k.lot_id is null or k.lot_id = u.lot_id)
  )
order by u.expiry_date nulls last, u.serial_no, u.id
limit %(limit)s
