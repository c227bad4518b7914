-- What protects the record, one line each: triggers of all tables with their state, functions of
-- core and audit in full, who may write the record, what roles may do, settings that switch
-- triggers off. No object ids: a copy of the database has the same lines.
select kind || ' ' || name || ' ' || detail
from (
    select 'trigger', c.relname || '.' || t.tgname, t.tgenabled::text || ' ' || pg_get_triggerdef(t.oid)
    from pg_trigger t
    join pg_class c on c.oid = t.tgrelid
    where c.relnamespace = 'public'::regnamespace and not t.tgisinternal
        and c.relname not like 'procrastinate%'
    union all
    select
        'function', p.oid::regprocedure::text,
        pg_get_userbyid(p.proowner) || ' ' || coalesce(p.proacl::text, '-') || ' '
        || regexp_replace(pg_get_functiondef(p.oid), '\s+', ' ', 'g')
    from pg_proc p
    where p.pronamespace = 'public'::regnamespace and p.proname ~ '^(audit|core|identity)_'
        and p.prokind = 'f'
    union all
    select 'table', c.relname, pg_get_userbyid(c.relowner) || ' ' || coalesce(c.relacl::text, '-')
    from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
        and c.relname like 'audit\_%'
    union all
    select
        'policy', c.relname || '.' || o.polname,
        concat_ws(
            ' ', o.polcmd, o.polpermissive,
            (select string_agg(case r when 0 then 'public' else pg_get_userbyid(r)::text end, ',')
             from unnest(o.polroles) r),
            pg_get_expr(o.polqual, o.polrelid), pg_get_expr(o.polwithcheck, o.polrelid)
        )
    from pg_policy o
    join pg_class c on c.oid = o.polrelid
    where c.relnamespace = 'public'::regnamespace
    union all
    select 'event-trigger', e.evtname::text, concat_ws(' ', e.evtenabled, e.evtevent, e.evttags)
    from pg_event_trigger e
    union all
    select
        'role', r.rolname::text,
        concat_ws(
            ' ', r.rolsuper, r.rolinherit, r.rolcreaterole, r.rolcreatedb, r.rolcanlogin,
            r.rolreplication, r.rolbypassrls
        )
    from pg_roles r
    where r.rolname not like 'pg\_%'
    union all
    select 'member', pg_get_userbyid(m.member)::text, pg_get_userbyid(m.roleid)::text
    from pg_auth_members m
    where pg_get_userbyid(m.member) not like 'pg\_%'
    union all
    select 'setting', coalesce(pg_get_userbyid(nullif(s.setrole, 0)), '*'), entry
    from pg_db_role_setting s
    cross join unnest(s.setconfig) entry
    where s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
        and entry ~ '^(session_replication_role|search_path|row_security)='
) lines (kind, name, detail)
order by 1
