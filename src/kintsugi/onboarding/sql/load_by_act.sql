-- A governed import, like a rollback, is let go by an act under two persons that is being carried
-- out: who approved it is neither who wrote it nor who carries it out (identity). KT118.
create or replace function onboarding_rollback_by_act() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    wanted constant text := case when new.reverts_id is null then 'onboarding.load' else 'onboarding.rollback' end;
    let_go boolean;
begin
    if tg_op = 'INSERT' then
        if (new.reverts_id is not null) is distinct from (new.status in ('planned', 'approved', 'withdrawn')) then
            raise exception 'A rollback begins as a plan' using errcode = 'KT118';
        end if;
        if new.reverts_id is not null and new.status <> 'planned' then
            raise exception 'A rollback begins as a plan' using errcode = 'KT118';
        end if;
        if new.act <> '' or (new.is_governed and new.status not in ('created', 'validated')) then
            raise exception 'A run begins at its beginning' using errcode = 'KT118';
        end if;
        return new;
    end if;
    if new.reverts_id is distinct from old.reverts_id or new.parent_id is distinct from old.parent_id then
        raise exception 'Which run a run is about stays' using errcode = 'KT118';
    end if;
    if old.is_governed and not new.is_governed then
        raise exception 'A run under two persons stays under two persons' using errcode = 'KT118';
    end if;
    let_go := exists (
        select from identity_act a
        where a.id::text = nullif(current_setting('kintsugi.context', true), '')::jsonb -> 'facts' ->> 'act_id'
          and a.status = 'executing' and a.kind = wanted and a.subject_id = new.id
    );
    if new.status = 'approved' and old.status <> 'approved' and not let_go then
        raise exception 'It takes two persons' using errcode = 'KT118';
    end if;
    if new.act is distinct from old.act and new.act <> '' and not let_go then
        raise exception 'It takes two persons' using errcode = 'KT118';
    end if;
    if new.status = 'applying' and old.status <> 'applying' and new.is_governed and new.act = '' then
        raise exception 'This run is let go by two persons' using errcode = 'KT118';
    end if;
    return new;
end $$;
create or replace trigger rollback_by_act before insert or update of status, reverts_id, parent_id, is_governed, act
    on onboarding_run for each row execute function onboarding_rollback_by_act();
alter table onboarding_run enable always trigger rollback_by_act;
-- What a wave chooses, and where a run began, does not change afterwards.
create or replace function onboarding_stands() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
declare
    added constant text[] := array['version', 'updated_at', 'is_void', 'void_reason'];
begin
    if to_jsonb(new) - added is distinct from to_jsonb(old) - added then
        raise exception 'It stands as it was written' using errcode = 'KT119';
    end if;
    return new;
end $$;
create or replace trigger wave_stands before update on onboarding_wave
    for each row execute function onboarding_stands();
alter table onboarding_wave enable always trigger wave_stands;
create or replace trigger restore_point_stands before update on onboarding_restorepoint
    for each row execute function onboarding_stands();
alter table onboarding_restorepoint enable always trigger restore_point_stands;
