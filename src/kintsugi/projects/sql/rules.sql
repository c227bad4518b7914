-- What must hold whoever writes. Codes: KT190 a milestone reached while a criterion does not hold;
-- KT191 a project accepted while a milestone is open; KT192 a record of the past that is changed.

create or replace function projects_check_milestone() returns trigger language plpgsql
    set search_path = public, pg_temp as $$
begin
    if new.status = 'reached' and old.status is distinct from 'reached' and exists (
        select 1 from projects_criterion
        where milestone_id = new.id and not is_void and passed is not true
    ) then
        raise exception 'A criterion of the milestone does not hold' using errcode = 'KT190';
    end if;
    return new;
end $$;
create or replace trigger check_milestone before update on projects_milestone
    for each row execute function projects_check_milestone();
alter table projects_milestone enable always trigger check_milestone;

create or replace function projects_check_accepted() returns trigger language plpgsql
    set search_path = public, pg_temp as $$
begin
    if new.status = 'accepted' and old.status is distinct from 'accepted' and exists (
        select 1 from projects_milestone
        where project_id = new.id and not is_void and status = 'open'
    ) then
        raise exception 'A milestone of the project is open' using errcode = 'KT191';
    end if;
    return new;
end $$;
create or replace trigger check_accepted before update on projects_project
    for each row execute function projects_check_accepted();
alter table projects_project enable always trigger check_accepted;

-- Measurements, reviews, drills and actual amounts are what was seen then: voided, never rewritten.
create or replace function projects_keep_past() returns trigger language plpgsql
    set search_path = public, pg_temp as $$
begin
    if to_jsonb(new) - '{is_void,void_reason,version,updated_at}'::text[]
        is distinct from to_jsonb(old) - '{is_void,void_reason,version,updated_at}'::text[] then
        raise exception 'What was recorded is voided, not rewritten' using errcode = 'KT192';
    end if;
    return new;
end $$;
create or replace trigger keep_past before update on projects_measurement
    for each row execute function projects_keep_past();
alter table projects_measurement enable always trigger keep_past;
create or replace trigger keep_past before update on projects_riskreview
    for each row execute function projects_keep_past();
alter table projects_riskreview enable always trigger keep_past;
create or replace trigger keep_past before update on projects_drill
    for each row execute function projects_keep_past();
alter table projects_drill enable always trigger keep_past;
create or replace trigger keep_past before update on projects_moneyactual
    for each row execute function projects_keep_past();
alter table projects_moneyactual enable always trigger keep_past;
