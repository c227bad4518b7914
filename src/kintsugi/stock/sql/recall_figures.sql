-- For things in question: what came to and left each place, with who has it and whether he can be
-- told (a telephone number or mail address on record). Taken from the moves alone, so that the figures
-- can be compared with the balances.
select l.id as location_id, l.kind, l.code, w.code as warehouse, q.id as party_id, q.name as party,
       coalesce(cardinality(q.phone), 0) > 0 or coalesce(q.email, '') <> '' as is_reachable,
       f.came, f.gone, f.came - f.gone as there
from (
    select e.location_id, sum(e.came) as came, sum(e.gone) as gone
    from stock_move m
    cross join lateral (values
        (m.target_id, m.qty, 0), (m.source_id, 0, m.qty)
    ) as e (location_id, came, gone)
    where (m.lot_id = any (%(lots)s::uuid[]) or m.unit_id = any (%(units)s::uuid[]))
      and m.source_id <> m.target_id
    group by e.location_id
) f
join stock_location l on l.id = f.location_id
left join stock_warehouse w on w.id = l.warehouse_id
left join parties_party q on q.id = l.party_id
order by l.kind, q.name, w.code, l.code
limit %(limit)s
