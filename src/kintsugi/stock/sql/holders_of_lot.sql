-- Who has a lot now, inside and outside: the balances, which are the fold of its moves.
select l.kind, l.code, w.code as warehouse, p.id as party_id, p.name as party, b.quality, b.on_hand
from stock_balance b
join stock_location l on l.id = b.location_id
left join stock_warehouse w on w.id = l.warehouse_id
left join parties_party p on p.id = l.party_id
where b.lot_id = %(lot)s and b.on_hand <> 0
order by l.kind, p.name, w.code, l.code, b.quality
limit %(limit)s
