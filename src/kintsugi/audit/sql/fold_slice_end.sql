-- The id at which a slice of some changes ends; no row: it is the last one.
select c.row_id from audit_change c where c.row_id >= %(low)s order by c.row_id offset %(size)s limit 1
