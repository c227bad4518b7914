-- What is free of several products, as free_stock and free_units say it for one: the first expiring of
-- each, and with them what somebody chose by lot or serial. Serial units come one by one.
select f.*
from unnest(%(products)s::uuid[], %(usable)s::date[]) as w (product_id, usable_on)
join products_product p on p.id = w.product_id
cross join lateral (
    (
        select b.product_id, b.lot_id, b.location_id, null::uuid as unit_id, b.on_hand - b.reserved as free,
               t.lot_no, null::text as serial_no, t.expiry_date, l.code as location
        from stock_balance b
        join stock_location l on l.id = b.location_id
        left join stock_lot t on t.id = b.lot_id
        where b.product_id = w.product_id and stock_tracking(p) not in ('serial', 'lot_and_serial')
          and b.quality = 'qualified' and b.is_ours and b.on_hand > b.reserved
          and (l.kind = 'bin' and l.zone = 'qualified' or l.kind = 'van')
          and (%(warehouse)s::uuid is null or l.warehouse_id = %(warehouse)s)
          and (t.expiry_date is null or t.expiry_date >= w.usable_on)
          and not exists (
              select 1 from stock_block k
              where k.product_id = b.product_id and k.released_at is null and not k.is_void
                and k.unit_id is null and (k.lot_id is null or k.lot_id = b.lot_id)
          )
        order by (b.lot_id = any(%(lots)s::uuid[])) desc nulls last, t.expiry_date nulls last,
                 t.lot_no nulls last, b.on_hand - b.reserved, l.code, b.id
        limit %(limit)s
    )
    union all
    (
        select u.product_id, u.lot_id, u.location_id, u.id, 1, t.lot_no, u.serial_no, u.expiry_date, l.code
        from stock_unit u
        join stock_location l on l.id = u.location_id
        left join stock_lot t on t.id = u.lot_id
        where u.product_id = w.product_id and stock_tracking(p) in ('serial', 'lot_and_serial')
          and u.quality = 'qualified' and not u.is_void
          and (l.kind = 'bin' and l.zone = 'qualified' or l.kind = 'van')
          and (%(warehouse)s::uuid is null or l.warehouse_id = %(warehouse)s)
          and (u.expiry_date is null or u.expiry_date >= w.usable_on)
          and not exists (select 1 from stock_reservation v where v.unit_id = u.id and v.status = 'active')
          and not exists (
              select 1 from stock_block k
              where k.product_id = u.product_id and k.released_at is null and not k.is_void
                and (k.unit_id is null or k.unit_id = u.id) and (k.lot_id is null or k.lot_id = u.lot_id)
          )
        order by (u.serial_no = any(%(serials)s::text[])) desc,
                 (u.lot_id = any(%(lots)s::uuid[])) desc nulls last, u.expiry_date nulls last,
                 u.serial_no, u.id
        limit %(limit)s
    )
) f
order by f.product_id, f.expiry_date nulls last, f.lot_no nulls last, f.serial_no nulls last, f.free, f.location
