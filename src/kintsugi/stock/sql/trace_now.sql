-- Where things were at an instant: the fold of their moves up to then.
with folded as (
    select e.location_id, e.quality, sum(e.qty) as qty
    from stock_move m
    join stock_posting p on p.id = m.posting_id
    cross join lateral (values
        (m.target_id, m.target_quality, m.qty), (m.source_id, m.source_quality, -m.qty)
    ) as e (location_id, quality, qty)
    where (m.lot_id = any (%(lots)s::uuid[]) or m.unit_id = any (%(units)s::uuid[]))
      and (%(at)s::timestamptz is null or p.posted_at <= %(at)s)
    group by e.location_id, e.quality
    having sum(e.qty) <> 0
)
select f.location_id, f.quality, f.qty, l.kind, l.code, w.code as warehouse, q.id as party_id, q.name as party
from folded f
join stock_location l on l.id = f.location_id and stock_is_counted(l.kind)
left join stock_warehouse w on w.id = l.warehouse_id
left join parties_party q on q.id = l.party_id
order by l.kind, q.name, w.code, l.code, f.quality
limit %(limit)s
