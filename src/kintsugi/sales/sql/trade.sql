-- No approval past a licence, first review or certificate that is missing or ended: KT139. The same
-- rule as the checks show (trade_faults), asked on the day that the approval was given.
create or replace function sales_may_trade() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    fault record;
begin
    select f.finding, f.reason, r.product_code into fault
    from trade_faults(
        new.customer_id,
        array(select distinct l.product_id from sales_orderline l where l.order_id = new.id and not l.is_void),
        'customer', new.approved_on
    ) f
    left join products_product r on r.id = f.product
    order by f.finding, r.product_code limit 1;
    if found then
        raise exception '% may not be approved: %', new.number, fault.reason using errcode = 'KT139',
            detail = jsonb_build_object('number', new.number, 'finding', fault.finding, 'reason', fault.reason,
                'product_code', fault.product_code)::text;
    end if;
    return new;
end $$;
create or replace trigger may_trade before update of status on sales_order
    for each row when (new.status = 'approved' and old.status = 'submitted')
    execute function sales_may_trade();

-- Nor does a version of a contract come into force for a customer who may not have its products.
create or replace function sales_may_contract() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    fault record;
begin
    select c.number, f.finding, f.reason into fault
    from sales_contract c
    cross join lateral trade_faults(
        c.customer_id,
        array(select distinct l.product_id from sales_contractline l where l.version_of_id = new.id and not l.is_void),
        'customer', (new.approved_at at time zone current_setting('timezone'))::date
    ) f
    where c.id = new.contract_id
    order by f.finding limit 1;
    if found then
        raise exception '% may not come into force: %', fault.number, fault.reason using errcode = 'KT139',
            detail = to_jsonb(fault)::text;
    end if;
    return new;
end $$;
create or replace trigger may_contract before update of status on sales_contractversion
    for each row when (new.status = 'in_force' and old.status <> 'in_force')
    execute function sales_may_contract();
