-- What stocktakes found missing or too much, against what the ledger said they should find.
select sum(abs(l.difference)) as part, sum(l.book) as whole
from stock_stocktakeline l
where not l.is_void and l.counted is not null and l.book is not null and l.difference is not null
    and l.updated_at > %(at)s - make_interval(days => %(days)s)
