-- Point rows from one record to another, counting their version up; the ids of those moved.
update {table} set {column} = %s, version = version + 1, updated_at = now()
where {column} = %s returning id
