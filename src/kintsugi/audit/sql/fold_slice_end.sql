-- The id at which a slice of some changes ends; no row: it is the last one. Entries under the
-- greatest id are about columns, not rows.
select c.row_id
from audit_change c
where c.row_id >= %(low)s and c.row_id < 'ffffffff-ffff-ffff-ffff-ffffffffffff'
order by c.row_id offset %(size)s limit 1
