-- How many rows point to a record.
select count(*) from {table} where {column} = %s
