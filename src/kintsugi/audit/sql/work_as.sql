-- Go on as a role until the transaction ends, where this account may take it on and the role has
-- its rights here; else as who we are.
select set_config('role', r.rolname, true)
from pg_roles r
where r.rolname = %s and pg_has_role(session_user, r.oid, 'member')
    and has_table_privilege(r.oid, 'public.audit_seal_key', 'insert')
