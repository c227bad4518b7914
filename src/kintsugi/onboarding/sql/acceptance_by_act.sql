-- What was compared does not change, and it is accepted once, by an act under two persons that is
-- being carried out, where nothing differs without a reason (identity). KT183.
create or replace function onboarding_acceptance_by_act() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    added constant text[] := array['act', 'version', 'updated_at', 'is_void', 'void_reason'];
begin
    if tg_op = 'INSERT' then
        if new.act <> '' then
            raise exception 'A comparison is accepted after it was made' using errcode = 'KT183';
        end if;
        return new;
    end if;
    if to_jsonb(new) - added is distinct from to_jsonb(old) - added
       or (old.act <> '' and new.act is distinct from old.act) then
        raise exception 'A comparison does not change' using errcode = 'KT183';
    end if;
    if new.act <> old.act and (not new.passes or not exists (
        select from identity_act a
        where a.id::text = nullif(current_setting('kintsugi.context', true), '')::jsonb -> 'facts' ->> 'act_id'
          and a.status = 'executing' and a.kind = 'onboarding.accept-run' and a.subject_id = new.run_id
    )) then
        raise exception 'Accepting a load takes two persons and a comparison that passed' using errcode = 'KT183';
    end if;
    return new;
end $$;
create or replace trigger acceptance_by_act before insert or update on onboarding_acceptance
    for each row execute function onboarding_acceptance_by_act();
alter table onboarding_acceptance enable always trigger acceptance_by_act;
