-- Take on a role if it exists and the account may, else stay who logged in; and say whose scope.
select
    set_config('role', coalesce((
        select r.rolname from pg_roles r
        where r.rolname = %s and pg_has_role(session_user, r.oid, 'member')
    ), 'none'), false),
    set_config('kintsugi.scope', %s, false)
