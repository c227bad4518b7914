-- The rules of contracts and prices, for whoever writes and by whatever means.
-- Codes: KT130 orders take more than a contract line has left; KT131 what was submitted is changed;
-- KT132 the shares of a payment plan are not the whole; KT133 two list prices for one day; KT134 an
-- order line that its contract does not have.

-- The words of a version stay as they were submitted; so do its lines and payments.
create or replace function sales_keep_version() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
declare
    words constant text[] := array['status', 'submitted_at', 'approved_by_id', 'approved_by_name',
        'approved_at', 'decision_reason', 'verdicts', 'version', 'updated_at', 'total'];
begin
    if old.status <> 'draft' and (to_jsonb(new) - words) is distinct from (to_jsonb(old) - words) then
        raise exception 'Version % is % and does not change', new.no, old.status using errcode = 'KT131',
            detail = jsonb_build_object('no', new.no, 'status', old.status)::text;
    end if;
    return new;
end $$;
create or replace trigger keep_version before update on sales_contractversion
    for each row execute function sales_keep_version();

create or replace function sales_keep_parts() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    found_status text;
    found_no int;
begin
    if tg_op = 'UPDATE' and (to_jsonb(new) - '{called_off,version,updated_at}'::text[])
        is not distinct from (to_jsonb(old) - '{called_off,version,updated_at}'::text[]) then
        return new;
    end if;
    select v.status, v.no into found_status, found_no
    from sales_contractversion v where v.id = new.version_of_id;
    if found_status <> 'draft' then
        raise exception 'Version % is % and does not change', found_no, found_status using errcode = 'KT131',
            detail = jsonb_build_object('no', found_no, 'status', found_status)::text;
    end if;
    return new;
end $$;
create or replace trigger keep_lines before insert or update on sales_contractline
    for each row execute function sales_keep_parts();
create or replace trigger keep_payments before insert or update on sales_paymentnode
    for each row execute function sales_keep_parts();

-- The total is what the lines add up to.
create or replace function sales_add_up_version() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    update sales_contractversion v set total = s.total
    from (
        select w.id, coalesce((
            select sum(l.amount) from sales_contractline l where l.version_of_id = w.id and not l.is_void
        ), 0) as total
        from (select distinct n.version_of_id as id from new_rows n) w
    ) s
    where v.id = s.id and v.total <> s.total;
    return null;
end $$;
create or replace trigger add_up_new after insert on sales_contractline
    referencing new table as new_rows for each statement execute function sales_add_up_version();
create or replace trigger add_up_changed after update on sales_contractline
    referencing new table as new_rows for each statement execute function sales_add_up_version();

-- The shares of a plan are the whole when the transaction ends; a submitted version has a plan and
-- lines, but for a framework, which may promise terms alone.
create or replace function sales_check_plan() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    checked uuid;
    shares numeric;
    found record;
begin
    checked := case when tg_table_name = 'sales_paymentnode' then (to_jsonb(new) ->> 'version_of_id')::uuid else new.id end;
    select v.no, v.status, c.number, c.kind into found
    from sales_contractversion v join sales_contract c on c.id = v.contract_id where v.id = checked;
    select sum(n.share) into shares from sales_paymentnode n where n.version_of_id = checked and not n.is_void;
    if shares <> 1 or (shares is null and found.status in ('submitted', 'in_force') and found.kind <> 'framework') then
        raise exception 'The payment plan of % v% is % of the whole', found.number, found.no, coalesce(shares, 0)
            using errcode = 'KT132',
            detail = jsonb_build_object('number', found.number, 'no', found.no, 'share', coalesce(shares, 0))::text;
    end if;
    return null;
end $$;
drop trigger if exists check_plan on sales_paymentnode;
create constraint trigger check_plan after insert or update on sales_paymentnode
    deferrable initially deferred for each row execute function sales_check_plan();
drop trigger if exists check_plan on sales_contractversion;
create constraint trigger check_plan after insert or update on sales_contractversion
    deferrable initially deferred for each row execute function sales_check_plan();

-- One list price of a product for a group, a currency and a day.
create or replace function sales_check_list_price() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    other record;
begin
    if new.is_void then
        return new;
    end if;
    perform pg_advisory_xact_lock(hashtextextended(new.product_id::text, 133));
    select p.price, p.valid_from, p.valid_to, r.product_code into other
    from sales_listprice p join products_product r on r.id = p.product_id
    where p.product_id = new.product_id and p."group" = new."group" and p.currency = new.currency
      and not p.is_void and p.id <> new.id
      and daterange(p.valid_from, p.valid_to, '[]') && daterange(new.valid_from, new.valid_to, '[]')
    limit 1;
    if found then
        raise exception '% has a price from % to % already', other.product_code, other.valid_from, other.valid_to
            using errcode = 'KT133', detail = to_jsonb(other)::text;
    end if;
    return new;
end $$;
create or replace trigger check_list_price before insert or update on sales_listprice
    for each row execute function sales_check_list_price();

-- What orders take of contract lines: all order lines of a line number, through whichever version
-- they point to it, but for those of cancelled orders.
create or replace function sales_called_off(contract_lines uuid[])
returns table (contract_id uuid, line_no integer, qty numeric)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select k.contract_id, k.line_no, coalesce(sum(o.qty), 0)
    from (
        select distinct v.contract_id, l.line_no from sales_contractline l
        join sales_contractversion v on v.id = l.version_of_id where l.id = any (contract_lines)
    ) k
    join sales_contractversion w on w.contract_id = k.contract_id
    join sales_contractline m on m.version_of_id = w.id and m.line_no = k.line_no
    left join (
        select ol.contract_line_id, ol.qty from sales_orderline ol
        join sales_order so on so.id = ol.order_id
        where not ol.is_void and so.status <> 'cancelled'
    ) o on o.contract_line_id = m.id
    group by k.contract_id, k.line_no
$$;

-- Counted anew under a lock of the contract, and written to the version in force.
create or replace function sales_count_call_offs(contract_lines uuid[]) returns void
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    wrong record;
begin
    perform 1 from sales_contract c
    where c.id in (
        select v.contract_id from sales_contractline l
        join sales_contractversion v on v.id = l.version_of_id where l.id = any (contract_lines)
    )
    order by c.id for update;

    select c.number, n.line_no, r.product_code, coalesce(l.qty, 0) as qty, n.qty as called_off into wrong
    from sales_called_off(contract_lines) n
    join sales_contract c on c.id = n.contract_id
    left join sales_contractversion v on v.contract_id = n.contract_id and v.status = 'in_force'
    left join sales_contractline l on l.version_of_id = v.id and l.line_no = n.line_no and not l.is_void
    left join products_product r on r.id = l.product_id
    where n.qty > coalesce(l.qty, 0)
    order by c.number, n.line_no limit 1;
    if found then
        raise exception 'Line % of % has %, orders take %', wrong.line_no, wrong.number, wrong.qty, wrong.called_off
            using errcode = 'KT130', detail = to_jsonb(wrong)::text;
    end if;

    update sales_contractline l set called_off = n.qty
    from sales_called_off(contract_lines) n
    join sales_contractversion v on v.contract_id = n.contract_id and v.status = 'in_force'
    where l.version_of_id = v.id and l.line_no = n.line_no and l.called_off <> n.qty;
end $$;

-- A version comes into force with what was called off before it; a line that was called off keeps
-- its number and its product.
create or replace function sales_begin_version() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    wrong record;
begin
    select c.number, m.line_no, r.product_code, 0 as qty, m.called_off into wrong
    from sales_contractline m
    join sales_contractversion w on w.id = m.version_of_id and w.contract_id = new.contract_id and w.id <> new.id
    join sales_contract c on c.id = w.contract_id
    join products_product r on r.id = m.product_id
    where m.called_off > 0
      and not exists (
          select 1 from sales_contractline l
          where l.version_of_id = new.id and l.line_no = m.line_no and l.product_id = m.product_id and not l.is_void
      )
      and w.no = (select max(p.no) from sales_contractversion p where p.contract_id = new.contract_id and p.status = 'superseded')
    limit 1;
    if found then
        raise exception 'Line % of % was called off and is gone', wrong.line_no, wrong.number
            using errcode = 'KT130', detail = to_jsonb(wrong)::text;
    end if;
    perform sales_count_call_offs(array(select l.id from sales_contractline l where l.version_of_id = new.id));
    return null;
end $$;
create or replace trigger begin_version after update of status on sales_contractversion
    for each row when (new.status = 'in_force' and old.status <> 'in_force')
    execute function sales_begin_version();
