-- The temperature of a place is not changed against what lies there. KT143.
create or replace function stock_check_location() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    wrong record;
begin
    if new.temp_zone is distinct from old.temp_zone and new.temp_zone <> '' then
        select r.product_code, r.storage_condition, new.code as location, new.temp_zone
        into wrong
        from stock_balance b
        join products_product r on r.id = b.product_id
        where b.location_id = new.id and b.on_hand > 0
          and r.storage_condition in ('normal', 'cool', 'cold', 'frozen')
          and new.temp_zone <> r.storage_condition
          and not (r.storage_condition = 'cool' and new.temp_zone = 'cold')
        order by r.product_code limit 1;
        if found then
            raise exception '% lies at %, which cannot be %', wrong.product_code, wrong.location, new.temp_zone
                using errcode = 'KT143', detail = to_jsonb(wrong)::text;
        end if;
    end if;
    return new;
end $$;
create or replace trigger check_location before update on stock_location
    for each row execute function stock_check_location();
alter table stock_location enable always trigger check_location;
