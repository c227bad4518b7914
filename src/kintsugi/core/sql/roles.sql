-- Who may do what in this database. Roles belong to the whole server, grants to this database.
--   kintsugi_runtime  what the web process is for a person: rows of tables with a scope are limited
--   kintsugi_system   jobs, imports and people without limits: the same rights, all rows
--   kintsugi_sealer   reads the record, adds to the sealed log
--   kintsugi_witness  reads the record and the sealed log, adds cosignatures
--   kintsugi_reader   reads everything within its scope, writes nothing
-- None of them owns a table, so none can switch a trigger off, truncate or change a definition.
-- Another database of this server may make the same roles in the same moment; what it changes
-- first makes our step fail once ("tuple concurrently updated") and is found done the next time.
do $$
declare
    wanted text;
begin
    foreach wanted in array array[
        'kintsugi_runtime', 'kintsugi_system', 'kintsugi_sealer', 'kintsugi_witness', 'kintsugi_reader'
    ] loop
        for attempt in 1..10 loop
            begin
                if not exists (select 1 from pg_roles where rolname = wanted) then
                    execute format('create role %I nologin', wanted);
                end if;
                if not pg_has_role(session_user, wanted, 'member') then
                    execute format('grant %I to %I', wanted, session_user);
                end if;
                exit;
            exception
                when duplicate_object or unique_violation or object_in_use or internal_error then
                    perform pg_sleep(0.05 * attempt);
                -- Without the right to make roles the product works; the second wall is missing.
                when insufficient_privilege then
                    raise warning 'role % cannot be made: %', wanted, sqlerrm;
                    return;
            end;
        end loop;
    end loop;
end $$;

-- A load copies into tables whose rows are limited for people; COPY into such a table needs this
-- attribute. Without the right to give it, loads go through a temporary table.
do $$
begin
    for attempt in 1..10 loop
        begin
            if exists (select 1 from pg_roles where rolname = 'kintsugi_system' and not rolbypassrls) then
                alter role kintsugi_system bypassrls;
            end if;
            exit;
        exception
            when internal_error then perform pg_sleep(0.05 * attempt);
            when insufficient_privilege then exit;
        end;
    end loop;
end $$;

do $$
declare
    writer text;
begin
    foreach writer in array array['kintsugi_runtime', 'kintsugi_system'] loop
        continue when not exists (select 1 from pg_roles where rolname = writer);
        execute format('grant usage on schema public to %I', writer);
        execute format('grant select, insert, update, delete on all tables in schema public to %I', writer);
        execute format('grant usage, select, update on all sequences in schema public to %I', writer);
        execute format('alter default privileges in schema public grant select, insert, update, delete on tables to %I', writer);
        execute format('alter default privileges in schema public grant usage, select, update on sequences to %I', writer);
        -- The record is written by triggers of the owner; steps and migrations by a migration.
        execute format('revoke insert, update, delete, truncate on audit_change, audit_transaction from %I', writer);
        execute format('revoke insert, update, delete, truncate on core_transition, django_migrations, identity_dutyconflict from %I', writer);
        if to_regclass('public.identity_matrixentry') is not null then
            execute format('revoke insert, update, delete, truncate on identity_matrixentry from %I', writer);
        end if;
    end loop;
    if exists (select 1 from pg_roles where rolname = 'kintsugi_reader') then
        grant usage on schema public to kintsugi_reader;
        grant select on all tables in schema public to kintsugi_reader;
        revoke all on identity_user, django_session from kintsugi_reader;
    end if;
end $$;
