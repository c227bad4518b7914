-- A rewritten source record leaves what it was: the crosswalk holds the present only, and a rollback
-- puts the past back. First loads only add records and pay nothing.
create or replace function audit_log_crosswalk() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    insert into audit_crosswalkchange (provenance_id, run_id, before, after)
    select n.id,
        (nullif(current_setting('kintsugi.context', true), '')::jsonb ->> 'run_id')::uuid,
        to_jsonb(o), to_jsonb(n)
    from new_rows n join old_rows o on o.id = n.id
    where n is distinct from o;
    return null;
end $$;
create or replace trigger crosswalk_history after update on audit_provenance
    referencing old table as old_rows new table as new_rows
    for each statement execute function audit_log_crosswalk();
alter table audit_provenance enable always trigger crosswalk_history;
create or replace trigger crosswalk_only_grows before update on audit_crosswalkchange
    for each statement execute function audit_append_only();
alter table audit_crosswalkchange enable always trigger crosswalk_only_grows;
