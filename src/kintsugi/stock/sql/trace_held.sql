-- Where things are now: the balances of lots and the positions of units, which are the fold of their
-- moves (checks/balances.sql, checks/positions.sql).
with held as (
    select b.location_id, b.quality, b.on_hand as qty
    from stock_balance b
    where b.lot_id = any (%(lots)s::uuid[]) and b.on_hand <> 0
    union all
    select u.location_id, u.quality, 1
    from stock_unit u
    where u.id = any (%(units)s::uuid[])
      and (u.lot_id is null or u.lot_id <> all (%(lots)s::uuid[]))
)
select h.location_id, h.quality, sum(h.qty) as qty, l.kind, l.code, w.code as warehouse, q.id as party_id, q.name as party
from held h
join stock_location l on l.id = h.location_id and stock_is_counted(l.kind)
left join stock_warehouse w on w.id = l.warehouse_id
left join parties_party q on q.id = l.party_id
group by h.location_id, h.quality, l.kind, l.code, w.code, q.id, q.name
order by l.kind, q.name, w.code, l.code, h.quality
limit %(limit)s
