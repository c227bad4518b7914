-- The open crosswalk rows of one source by its keys.
select p.source_key as _key, p.gid, replace(p.values_hash::text, '-', '') as known_hash
from audit_provenance p
where p.entity = %s and p.source = %s and p.source_key = any(%s)
  and p.closed_run_id is null
