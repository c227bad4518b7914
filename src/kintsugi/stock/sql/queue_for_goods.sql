-- One after the other for each product, in one order, until the transaction ends.
select pg_advisory_xact_lock(hashtextextended(p.id::text, 107))
from (select w.id from unnest(%s::uuid[]) as w (id) order by w.id) p
