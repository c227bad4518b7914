-- Balances whose reserved quantity is not the sum of the reservations that are active: no row is right.
with kept as (
    select v.product_id, v.lot_id, v.location_id, sum(v.qty) as qty
    from stock_reservation v where v.status = 'active'
    group by v.product_id, v.lot_id, v.location_id
)
select r.product_code, t.lot_no, l.code as location, coalesce(k.qty, 0) as reservations,
       coalesce(b.reserved, 0) as reserved
from kept k
full join (select * from stock_balance where reserved <> 0) b
    on b.product_id = k.product_id and b.location_id = k.location_id
    and b.lot_id is not distinct from k.lot_id and b.quality = 'qualified'
join products_product r on r.id = coalesce(k.product_id, b.product_id)
join stock_location l on l.id = coalesce(k.location_id, b.location_id)
left join stock_lot t on t.id = coalesce(k.lot_id, b.lot_id)
where coalesce(k.qty, 0) <> coalesce(b.reserved, 0)
order by r.product_code, location
limit %(limit)s
