-- Point these rows back where they still point to the record kept.
update {table} set {column} = %s, version = version + 1, updated_at = now()
where {column} = %s and id = any(%s)
