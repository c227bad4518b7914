-- The rules of signatures, for whoever writes and by whatever means.
-- Codes: KT004 a row that only grows; KT030 a time off the database's clock; KT031 an account that is
-- not this person's.

-- A row of evidence is added once and never touched again.
create or replace function identity_insert_only() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception '% on % is refused: the record only grows', tg_op, tg_table_name
        using errcode = 'KT004';
end $$;

-- Who an account belongs to now: accounts move when two persons turn out to be one.
create or replace function identity_person_now(account uuid) returns uuid
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select u.person_id from identity_user u where u.id = account
$$;

-- An authentication is of now, and of an account of this person that may log in.
create or replace function identity_check_reauthentication() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if new.at < clock_timestamp() - interval '2 minutes' then
        raise exception 'The authentication of % is stale', new.at
            using errcode = 'KT030', constraint = 'signature_authentication_fresh';
    end if;
    if new.at > clock_timestamp() + interval '1 minute' then
        raise exception 'An authentication of % is not of now', new.at using errcode = 'KT030';
    end if;
    if not exists (
        select 1 from identity_user u
        where u.id = new.account_id and u.person_id = new.person_id and u.is_active and not u.is_void
    ) then
        raise exception 'The account is not one of this person''s that may log in'
            using errcode = 'KT031';
    end if;
    return new;
end $$;

-- A signature is of now, and under the name its person has now.
create or replace function identity_check_signature() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if new.signed_at not between clock_timestamp() - interval '1 minute'
                             and clock_timestamp() + interval '1 minute' then
        raise exception 'A signature of % is not of now', new.signed_at using errcode = 'KT030';
    end if;
    if not exists (
        select 1 from identity_user u join identity_person p on p.id = u.person_id
        where u.id = new.account_id and p.id = new.person_id and p.name = new.printed_name
          and u.is_active and not u.is_void
    ) then
        raise exception 'Account, person and printed name do not belong together'
            using errcode = 'KT031';
    end if;
    return new;
end $$;

alter table identity_reauthentication
    add constraint reauthentication_whole unique (id, account_id, person_id, at, method);
create trigger identity_check before insert on identity_reauthentication
    for each row execute function identity_check_reauthentication();

alter table identity_signature
    add constraint signature_authentication_fresh
        check (authenticated_at <= signed_at and signed_at - authenticated_at <= interval '2 minutes'),
    -- Nobody signs with another person's authentication, nor with another time or method.
    add constraint signature_authentication
        foreign key (reauthentication_id, account_id, person_id, authenticated_at, method)
        references identity_reauthentication (id, account_id, person_id, at, method),
    add constraint signature_content_hash
        check (content_sha256 = encode(sha256(convert_to(content, 'UTF8')), 'hex')),
    add constraint signature_whole
        unique (id, person_id, account_id, meaning, content_sha256, object_kind, object_id);
create trigger identity_check before insert on identity_signature
    for each row execute function identity_check_signature();

create trigger identity_insert_only before update or delete on identity_reauthentication
    for each row execute function identity_insert_only();
create trigger identity_insert_only before update or delete on identity_failedreauthentication
    for each row execute function identity_insert_only();
create trigger identity_insert_only before update or delete on identity_signature
    for each row execute function identity_insert_only();
