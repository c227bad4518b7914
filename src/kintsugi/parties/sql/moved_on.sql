-- Of rows that a merge re-pointed, those that point elsewhere by now.
select id from {table} where id = any(%s) and {column} is distinct from %s limit 20
