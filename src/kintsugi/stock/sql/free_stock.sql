-- What is free to be promised: qualified, in a bin for qualified goods or a van, not reserved, not
-- blocked, usable on the day. First expiring first; what has no expiry comes last, oldest lot first.
select b.product_id, b.lot_id, b.location_id, null::uuid as unit_id, b.on_hand - b.reserved as free,
       t.lot_no, t.expiry_date, l.code as location, w.code as warehouse
from stock_balance b
join stock_location l on l.id = b.location_id
left join stock_warehouse w on w.id = l.warehouse_id
left join stock_lot t on t.id = b.lot_id
where b.product_id = %(product)s
  and b.quality = 'qualified' and b.is_ours and b.on_hand > b.reserved
  and (l.kind = 'bin' and l.zone = 'qualified' or l.kind = 'van')
  and (%(warehouse)s::uuid is null or l.warehouse_id = %(warehouse)s)
  and (t.expiry_date is null or t.expiry_date >= %(usable_on)s)
  and not exists (
      select 1 from stock_block k
      where k.product_id = b.product_id and k.released_at is null and not k.is_void
        and k.unit_id is null and (k.lot_id is null or k.lot_id = b.lot_id)
  )
order by t.expiry_date nulls last, t.lot_no nulls last, b.on_hand - b.reserved, l.code, b.id
limit %(limit)s
