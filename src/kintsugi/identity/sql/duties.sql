-- Who has which role, over which rows and when: grants, and what stands in for them.
create or replace view identity_duty as
select g.id as grant_id, null::uuid as delegation_id, g.person_id, g.role, g.scope_kind,
       g.scope_values, g.valid_from, g.valid_to
from identity_rolegrant g
where not g.is_void
union all
select g.id, d.id, d.person_id, g.role, g.scope_kind, g.scope_values,
       greatest(d.valid_from, g.valid_from), least(d.valid_to, g.valid_to)
from identity_delegation d
join identity_rolegrant g on g.id = d.grant_id
where not d.is_void and not g.is_void;

-- A person's duties together: none in conflict, no delegation beyond its grant.
create or replace function identity_check_duties() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
declare
    holder uuid := new.person_id;
    clash record;
begin
    -- One person at a time, so that two grants made together see each other.
    perform pg_advisory_xact_lock(hashtextextended('identity.duties:' || holder::text, 0));
    select a.role as one, b.role as other into clash
    from identity_duty a
    join identity_duty b on b.person_id = a.person_id
        and tstzrange(a.valid_from, a.valid_to) && tstzrange(b.valid_from, b.valid_to)
    join identity_dutyconflict c on c.first = a.role and c.second = b.role
    where a.person_id = holder
    limit 1;
    if clash is not null then
        raise exception 'The duties % and % of one person are in conflict', clash.one, clash.other
            using errcode = 'check_violation', constraint = 'duties_not_in_conflict',
                  hint = 'End one of them before the other begins.';
    end if;
    if exists (
        select from identity_delegation d join identity_rolegrant g on g.id = d.grant_id
        where (g.person_id = holder or d.person_id = holder) and not d.is_void
          and (g.is_void or d.person_id = g.person_id or d.valid_from < g.valid_from
               or d.valid_to > coalesce(g.valid_to, 'infinity'))
    ) then
        raise exception 'A delegation goes beyond its grant or back to its own person'
            using errcode = 'check_violation', constraint = 'delegation_within_grant',
                  hint = 'End the delegation first, or give it a shorter time.';
    end if;
    return null;
end $$;

create or replace trigger duties_checked after insert or update on identity_rolegrant
    for each row execute function identity_check_duties();
create or replace trigger duties_checked after insert or update on identity_delegation
    for each row execute function identity_check_duties();

-- A grant and a delegation are ended or voided; everything else about them stays as it was made.
create or replace function identity_keep_duty() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
declare
    movable text[] := array['valid_to', 'is_void', 'void_reason', 'version', 'updated_at'];
begin
    if to_jsonb(new) - movable is distinct from to_jsonb(old) - movable then
        raise exception 'A grant is ended and made anew, not changed'
            using errcode = 'check_violation', constraint = 'duty_is_not_changed';
    end if;
    return new;
end $$;

create or replace trigger duty_kept before update on identity_rolegrant
    for each row execute function identity_keep_duty();
create or replace trigger duty_kept before update on identity_delegation
    for each row execute function identity_keep_duty();

-- A token is revoked for good, and what it may do stays as it was made.
create or replace function identity_keep_token() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
declare
    movable text[] := array['revoked_at', 'revoke_reason', 'is_void', 'void_reason', 'version',
                            'updated_at'];
begin
    if to_jsonb(new) - movable is distinct from to_jsonb(old) - movable
       or (old.revoked_at is not null and new.revoked_at is distinct from old.revoked_at) then
        raise exception 'A token is revoked and made anew, not changed'
            using errcode = 'check_violation', constraint = 'token_is_not_changed';
    end if;
    return new;
end $$;

create or replace trigger token_kept before update on identity_apitoken
    for each row execute function identity_keep_token();
