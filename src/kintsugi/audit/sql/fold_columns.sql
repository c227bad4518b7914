-- How the columns of a table were called and what was filled into them, oldest entry first.
select c.id, c.after from audit_change c
where c.table_name = %(table)s and c.op = 'S'
  and c.row_id = 'ffffffff-ffff-ffff-ffff-ffffffffffff'
order by c.id
