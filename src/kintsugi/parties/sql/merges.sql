-- What a merge recorded stays; only its undoing is added, once. Code: KT116.
create or replace function merge_stands() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
declare
    added constant text[] := array['undone_at', 'undone_by_name', 'undone_act', 'version', 'updated_at',
                                   'is_void', 'void_reason'];
begin
    if to_jsonb(new) - added is distinct from to_jsonb(old) - added
       -- As JSON: the rows of a merge have no such column.
       or (to_jsonb(old) ->> 'undone_at' is not null
           and to_jsonb(new) -> 'undone_at' is distinct from to_jsonb(old) -> 'undone_at') then
        raise exception 'What a merge recorded does not change' using errcode = 'KT116';
    end if;
    return new;
end $$;
create or replace trigger merge_stands before update on parties_merge
    for each row execute function merge_stands();
create or replace trigger merge_stands before update on parties_mergedrows
    for each row execute function merge_stands();

-- A row is merged into another only by an act under two persons that is being carried out, and comes
-- back the same way: who merges is not who approved.
create or replace function merge_by_act() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if new.merged_into_id is distinct from old.merged_into_id and not exists (
        select from identity_act a
        where a.id::text = nullif(current_setting('kintsugi.context', true), '')::jsonb -> 'facts' ->> 'act_id'
          and a.status = 'executing' and a.kind = tg_argv[0]
          and a.subject_id in (new.merged_into_id, old.merged_into_id)
    ) then
        raise exception 'A merge takes two persons' using errcode = 'KT117';
    end if;
    return new;
end $$;
create or replace trigger merge_by_act before update of merged_into_id on parties_party
    for each row execute function merge_by_act('party.merge');
