-- Where lines stand after their counts: the last count speaks; a difference is confirmed when another
-- person found the same one, and until then it is counted again.
update stock_stocktakeline l
set counts = c.counts, counted = c.qty, book = c.book, difference = c.difference,
    state = case
        when c.difference = 0 then 'matched'
        when c.same > 1 then 'confirmed'
        else 'recount'
    end,
    version = l.version + 1, updated_at = now()
from (
    select distinct on (e.line_id) e.line_id, e.qty, e.book, e.difference,
           count(*) over (partition by e.line_id) as counts,
           count(*) over (partition by e.line_id, e.difference) as same
    from stock_stocktakecount e
    where e.line_id = any (%(lines)s::uuid[])
    order by e.line_id, e.round desc
) c
where l.id = c.line_id
