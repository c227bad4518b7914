-- The state of a licence or certificate on a day, for everybody: screens, checks and triggers.
-- It is usable through its last day.
create or replace function licence_status(
    valid_from date, valid_to date, revoked_on date, on_day date
) returns text
language sql immutable parallel safe as $$
    select case
        when revoked_on <= on_day then 'revoked'
        when on_day < valid_from then 'not_yet'
        when on_day > valid_to then 'expired'
        when valid_to - on_day <= 30 then 'near_30'
        when valid_to - on_day <= 60 then 'near_60'
        when valid_to - on_day <= 90 then 'near_90'
        else 'valid'
    end
$$;

create or replace function licence_is_usable(status text) returns boolean
language sql immutable parallel safe as $$
    select status in ('valid', 'near_90', 'near_60', 'near_30')
$$;

-- Whether an approved unlock stands in for a licence that ended, on this day. It stands in for this
-- end only: a renewed licence has another one.
create or replace function licence_is_unlocked(licence uuid, valid_to date, on_day date) returns boolean
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select exists (
        select from parties_unlock u
        where u.qualification_id = licence and u.status = 'approved' and u.ended_on = valid_to
          and on_day between u.first_day and u.last_day and not u.is_void
    )
$$;

-- Whether a licence of these categories and classes is for a device of this category and class. A
-- category stands for all below it: 02 for 02-01-03; a hyphen more or less is no difference.
create or replace function licence_covers(
    categories text[], classes text[], category text, device_class text
) returns boolean
language sql immutable parallel safe as $$
    select coalesce(device_class = any (classes), false) and exists (
        select from unnest(categories) c
        where replace(category, '-', '') like replace(c, '-', '') || '%'
    )
$$;

-- Codes of the catalogue: 02, 02-01, 02-01-03, or 6821 of the one before. An authorisation and an
-- operating or production licence say what they are for. Code: KT110.
create or replace function licence_check() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
declare
    wrong text;
begin
    select c into wrong from unnest(new.categories) c
    where c !~ '^([0-9]{2}(-[0-9]{2}){0,2}|68[0-9]{2})$' limit 1;
    if wrong is not null then
        raise exception 'The category % is no code of the catalogue', wrong using errcode = 'KT110',
            detail = jsonb_build_object('field', 'categories', 'value', wrong)::text;
    end if;
    select t into wrong from unnest(new.territory) t
    where t <> 'CN' and t !~ '^[0-9]{2}([0-9]{2}){0,2}$' limit 1;
    if wrong is not null then
        raise exception 'The territory % is no region code', wrong using errcode = 'KT110',
            detail = jsonb_build_object('field', 'territory', 'value', wrong)::text;
    end if;
    if new.kind = 'authorisation' and cardinality(new.territory) = 0 then
        raise exception 'An authorisation without a territory' using errcode = 'KT110',
            detail = jsonb_build_object('field', 'territory')::text;
    end if;
    if new.kind in ('operating_permit', 'operating_filing', 'production_permit', 'production_filing')
       and (cardinality(new.categories) = 0 or cardinality(new.classes) = 0) then
        raise exception 'A licence without a scope' using errcode = 'KT110',
            detail = jsonb_build_object('field', case when cardinality(new.categories) = 0
                then 'categories' else 'classes' end)::text;
    end if;
    if tg_op = 'UPDATE' and old.revoked_on is not null and new.revoked_on is distinct from old.revoked_on then
        raise exception 'A revoked licence stays revoked' using errcode = 'KT111',
            detail = jsonb_build_object('number', old.number)::text;
    end if;
    return new;
end $$;
create or replace trigger licence_check before insert or update on parties_qualification
    for each row execute function licence_check();

-- Thirty days, the first and the last included.
alter table parties_unlock
    add constraint unlock_of_thirty_days check (last_day - first_day < 30);

-- An unlock begins as a request for a licence that did end; what was asked for does not change.
create or replace function unlock_check() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    asked constant text[] := array['status', 'decided_by_id', 'decided_by_name', 'decided_at',
                                   'decision_reason', 'version', 'updated_at', 'is_void', 'void_reason'];
begin
    if tg_op = 'INSERT' and (new.status <> 'requested' or not exists (
        select from parties_qualification q
        where q.id = new.qualification_id and q.valid_to = new.ended_on and q.revoked_on is null
    )) then
        raise exception 'An unlock is requested, for a licence that ended' using errcode = 'KT112';
    end if;
    if tg_op = 'UPDATE' and ((old.status <> 'requested' and new.status = old.status
           and (new.decided_by_id, new.decided_at, new.decision_reason)
               is distinct from (old.decided_by_id, old.decided_at, old.decision_reason))
       or to_jsonb(new) - asked is distinct from to_jsonb(old) - asked) then
        raise exception 'What was decided about an unlock stands' using errcode = 'KT112';
    end if;
    return new;
end $$;
create or replace trigger unlock_check before insert or update on parties_unlock
    for each row execute function unlock_check();
