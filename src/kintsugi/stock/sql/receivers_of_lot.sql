-- Who ever got any of a lot, with how much went there and came back, first and last time: for a
-- recall, which reaches also those who gave it back.
select p.id as party_id, p.name as party, l.kind,
       sum(m.qty) filter (where m.target_id = l.id) as received,
       coalesce(sum(m.qty) filter (where m.source_id = l.id), 0) as returned,
       min(g.business_date) as first_on, max(g.business_date) as last_on
from stock_move m
join stock_posting g on g.id = m.posting_id
join stock_location l on l.kind in ('customer', 'consignment') and l.id in (m.source_id, m.target_id)
join parties_party p on p.id = l.party_id
where m.lot_id = %(lot)s
group by p.id, p.name, l.kind
order by p.name, l.kind
limit %(limit)s
