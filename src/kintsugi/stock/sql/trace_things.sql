-- Lots and units that a posting moved, or that went to or from places; the latest first. A unit stands
-- for itself, what has no serial for its lot.
select case when m.unit_id is null then m.lot_id end as lot_id, m.unit_id, max(m.seq) as last_seq, min(m.seq) as first_seq
from stock_move m
where (m.posting_id = any (%(postings)s::uuid[])
       or m.source_id = any (%(places)s::uuid[]) or m.target_id = any (%(places)s::uuid[]))
  and (m.lot_id is not null or m.unit_id is not null)
group by 1, 2
order by last_seq desc
limit %(limit)s
