-- Point rows from one record to another; the ids of those that were moved.
update {table} set {column} = %s where {column} = %s returning id
