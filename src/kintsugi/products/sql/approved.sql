-- What an approval rests on changes under two persons only: licences of a party, and certificates of a
-- product, whose first review is in force. What only locks (a revocation) one person may record.
-- Code: KT115.

-- Whether an approved act of one of these kinds about this record is being carried out right now. The
-- context names the act; that it is being executed, the act itself says, and its own rules have seen
-- to author, approver and executor.
create or replace function trade_act_runs(kinds text[], subjects uuid[]) returns boolean
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select exists (
        select from identity_act a
        where a.id::text = nullif(current_setting('kintsugi.context', true), '')::jsonb -> 'facts' ->> 'act_id'
          and a.status = 'executing' and a.kind = any (kinds) and a.subject_id = any (subjects)
    )
$$;

create or replace function trade_only_revokes(before jsonb, after jsonb) returns boolean
language sql immutable parallel safe as $$
    select before -> 'revoked_on' = 'null'::jsonb and after -> 'revoked_on' <> 'null'::jsonb
       and before - r.columns = after - r.columns
    from (values (array['revoked_on', 'revoke_reason', 'revoked_by_id', 'revoked_by_name', 'revoked_at',
                        'version', 'updated_at'])) r (columns)
$$;

create or replace function trade_licence_guard() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    parties uuid[] := array[new.party_id];
begin
    if tg_op = 'UPDATE' then
        parties := parties || old.party_id;
        if trade_only_revokes(to_jsonb(old), to_jsonb(new)) then
            return new;
        end if;
    end if;
    if exists (
        select from products_firstreview r
        where r.party_id = any (parties) and r.status = 'effective' and not r.is_void
    ) and not trade_act_runs('{licence.record,party.merge}', parties) then
        raise exception 'A licence of an approved party changes under two persons'
            using errcode = 'KT115', detail = jsonb_build_object('licence', new.number)::text;
    end if;
    return new;
end $$;
create or replace trigger approved_licence before insert or update on parties_qualification
    for each row execute function trade_licence_guard();

create or replace function trade_authorised_guard() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    holder uuid;
begin
    select q.party_id into holder from parties_qualification q where q.id = new.qualification_id;
    if exists (
        select from products_firstreview r
        where r.party_id = holder and r.status = 'effective' and not r.is_void
    ) and not trade_act_runs('{licence.record,party.merge}', array[holder])
      and not trade_act_runs('{product.merge}', array(
          select m.id from products_product m
          where m.id = new.product_id or m.merged_into_id = new.product_id
      ) || array(select p.merged_into_id from products_product p where p.id = new.product_id)) then
        raise exception 'An authorisation of an approved party changes under two persons'
            using errcode = 'KT115';
    end if;
    return new;
end $$;
create or replace trigger approved_authorisation before insert or update on products_authorisedproduct
    for each row execute function trade_authorised_guard();

create or replace function trade_certificate_guard() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    covered uuid[];
begin
    if trade_only_revokes(to_jsonb(old), to_jsonb(new)) then
        return new;
    end if;
    -- A merge of parties takes the certificates of a holder along.
    if to_jsonb(old) - '{holder_id,version,updated_at}'::text[]
       = to_jsonb(new) - '{holder_id,version,updated_at}'::text[]
       and trade_act_runs('{party.merge}', array[old.holder_id, new.holder_id]) then
        return new;
    end if;
    select array_agg(c.product_id) into covered from products_certificateproduct c
    where c.certificate_id = new.id and not c.is_void;
    if exists (
        select from products_firstreview r
        where r.product_id = any (covered) and r.status = 'effective' and not r.is_void
    ) and not trade_act_runs('{certificate.record}', covered) then
        raise exception 'A certificate of an approved product changes under two persons'
            using errcode = 'KT115', detail = jsonb_build_object('certificate', new.number)::text;
    end if;
    return new;
end $$;
create or replace trigger approved_certificate before update on products_certificate
    for each row execute function trade_certificate_guard();

create or replace function trade_certified_guard() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    meant uuid[] := array[new.product_id];
begin
    if tg_op = 'UPDATE' then
        meant := meant || old.product_id;
    end if;
    if exists (
        select from products_firstreview r
        where r.product_id = any (meant) and r.status = 'effective' and not r.is_void
    ) and not trade_act_runs('{certificate.record,product.merge}', meant) then
        raise exception 'A certificate of an approved product changes under two persons'
            using errcode = 'KT115';
    end if;
    return new;
end $$;
create or replace trigger approved_product before insert or update on products_certificateproduct
    for each row execute function trade_certified_guard();
