-- Take on a role if it exists, has its rights in this database and the account may take it on;
-- else stay who logged in. And say whose scope is at work.
select
    set_config('role', coalesce((
        select r.rolname from pg_roles r
        where r.rolname = %s and pg_has_role(session_user, r.oid, 'member')
        and has_table_privilege(r.oid, to_regclass('public.django_migrations'), 'select')
    ), 'none'), false),
    set_config('kintsugi.scope', %s, false)
