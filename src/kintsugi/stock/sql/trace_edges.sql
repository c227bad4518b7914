-- The ways that things took, as of an instant: one row for each pair of places, whatever the number
-- of moves. A unit's moves carry its lot, so a lot is asked for by its number alone. Places that the
-- person does not see stay without a name. Grouped before anything is joined to it.
with moved as (
    select m.source_id, m.target_id, sum(m.qty) as qty, count(*) as moves,
           min(m.seq) as first_seq, max(m.seq) as last_seq
    from stock_move m
    where (m.lot_id = any (%(lots)s::uuid[]) or m.unit_id = any (%(units)s::uuid[]))
      and (%(at)s::timestamptz is null or exists (
          select 1 from stock_posting p where p.id = m.posting_id and p.posted_at <= %(at)s
      ))
      and m.source_id <> m.target_id
    group by m.source_id, m.target_id
    order by first_seq
    limit %(limit)s
)
select d.*, fp.business_date as first_on, lp.business_date as last_on,
       s.kind as source_kind, s.code as source_code, sw.code as source_warehouse,
       sp.id as source_party_id, sp.name as source_party,
       t.kind as target_kind, t.code as target_code, tw.code as target_warehouse,
       tp.id as target_party_id, tp.name as target_party
from moved d
-- The days of the first and the last of the moves alone: a lot may have a hundred thousand between.
join stock_move fm on fm.seq = d.first_seq
join stock_posting fp on fp.id = fm.posting_id
join stock_move lm on lm.seq = d.last_seq
join stock_posting lp on lp.id = lm.posting_id
left join stock_location s on s.id = d.source_id
left join stock_warehouse sw on sw.id = s.warehouse_id
left join parties_party sp on sp.id = s.party_id
left join stock_location t on t.id = d.target_id
left join stock_warehouse tw on tw.id = t.warehouse_id
left join parties_party tp on tp.id = t.party_id
order by d.first_seq
