-- A source that was registered is approved by an act under two persons that is being carried out:
-- who approved it is neither who assessed it nor who carries it out (identity). KT180.
create or replace function onboarding_source_by_act() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if tg_op = 'INSERT' then
        if new.status not in ('proposed', 'live', 'retired') or (new.status = 'live' and new.origin <> 'quick') then
            raise exception 'A source begins as proposed, or live with its first file' using errcode = 'KT180';
        end if;
        return new;
    end if;
    if new.origin is distinct from old.origin then
        raise exception 'How a source came to life stays' using errcode = 'KT180';
    end if;
    if old.is_governed and not new.is_governed then
        raise exception 'That two persons let the runs of a source go stays' using errcode = 'KT180';
    end if;
    if new.status = 'approved' and old.status <> 'approved' and not exists (
        select from identity_act a
        where a.id::text = nullif(current_setting('kintsugi.context', true), '')::jsonb -> 'facts' ->> 'act_id'
          and a.status = 'executing' and a.kind = 'onboarding.approve-source' and a.subject_id = new.id
    ) then
        raise exception 'The approval of a source takes two persons' using errcode = 'KT180';
    end if;
    return new;
end $$;
create or replace trigger source_by_act before insert or update of status, origin, is_governed on onboarding_source
    for each row execute function onboarding_source_by_act();
alter table onboarding_source enable always trigger source_by_act;
-- What was assessed and approved does not change afterwards; only the act is added.
create or replace function onboarding_assessment_stands() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
declare
    added constant text[] := array['act', 'version', 'updated_at', 'is_void', 'void_reason'];
begin
    if to_jsonb(new) - added is distinct from to_jsonb(old) - added
       or (old.act <> '' and new.act is distinct from old.act) then
        raise exception 'An assessment does not change' using errcode = 'KT181';
    end if;
    return new;
end $$;
create or replace trigger assessment_stands before update on onboarding_assessment
    for each row execute function onboarding_assessment_stands();
alter table onboarding_assessment enable always trigger assessment_stands;
