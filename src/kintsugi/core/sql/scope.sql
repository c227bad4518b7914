-- The scope of the person at work, as ``core.scope`` bound it: what the policies of scoped tables ask.
create or replace function core_scope(dimension text) returns text[]
language sql stable parallel safe set search_path = pg_catalog, pg_temp as $$
    select coalesce(array_agg(value), '{}')
    from jsonb_array_elements_text(
        coalesce(nullif(current_setting('kintsugi.scope', true), ''), '{}')::jsonb -> dimension
    )
$$;

create or replace function core_scope_everything() returns boolean
language sql stable parallel safe set search_path = pg_catalog, pg_temp as $$
    select coalesce(
        (nullif(current_setting('kintsugi.scope', true), '')::jsonb -> 'everything')::boolean, false
    )
$$;

-- Refresh the planner's statistics; the roles that load own no table, and only owners may.
create or replace function core_analyze(target regclass) returns void
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    execute format('analyze %s', target);
end $$;
