-- Note on the levels by which takeover they came over.
update takeover_statedlevel set takeover_id = %(takeover)s, version = version + 1, updated_at = now()
where id = any(%(levels)s::uuid[])
