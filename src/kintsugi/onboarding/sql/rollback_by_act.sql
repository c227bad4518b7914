-- A rollback begins as a plan, and is let go by an act under two persons that is being carried out:
-- who approved it is neither who wrote it nor who carries it out (identity). KT118.
create or replace function onboarding_rollback_by_act() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if tg_op = 'INSERT' then
        if (new.reverts_id is not null) is distinct from (new.status in ('planned', 'approved', 'withdrawn')) then
            raise exception 'A rollback begins as a plan' using errcode = 'KT118';
        end if;
        if new.reverts_id is not null and new.status <> 'planned' then
            raise exception 'A rollback begins as a plan' using errcode = 'KT118';
        end if;
        return new;
    end if;
    if new.reverts_id is distinct from old.reverts_id then
        raise exception 'Which run a rollback is about stays' using errcode = 'KT118';
    end if;
    if new.status = 'approved' and old.status <> 'approved' and not exists (
        select from identity_act a
        where a.id::text = nullif(current_setting('kintsugi.context', true), '')::jsonb -> 'facts' ->> 'act_id'
          and a.status = 'executing' and a.kind = 'onboarding.rollback' and a.subject_id = new.id
    ) then
        raise exception 'A rollback takes two persons' using errcode = 'KT118';
    end if;
    return new;
end $$;
create or replace trigger rollback_by_act before insert or update of status, reverts_id on onboarding_run
    for each row execute function onboarding_rollback_by_act();
alter table onboarding_run enable always trigger rollback_by_act;
-- What was planned and approved does not change afterwards; only act, result and proof are added.
create or replace function onboarding_plan_stands() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
declare
    added constant text[] := array['act', 'result', 'proof', 'version', 'updated_at', 'is_void',
                                   'void_reason'];
begin
    if to_jsonb(new) - added is distinct from to_jsonb(old) - added then
        raise exception 'The plan of a rollback does not change' using errcode = 'KT119';
    end if;
    return new;
end $$;
create or replace trigger plan_stands before update on onboarding_rollback
    for each row execute function onboarding_plan_stands();
alter table onboarding_rollback enable always trigger plan_stands;
create or replace trigger items_stand before update on onboarding_rollbackitem
    for each row execute function onboarding_plan_stands();
alter table onboarding_rollbackitem enable always trigger items_stand;
