-- The rules of orders, for whoever writes and by whatever means.
-- Codes: KT135 a state that the quantities do not say; KT136 an approval without passed checks;
-- KT137 a cancelled or closed order that still keeps goods; KT138 a choice that its seller agreed to;
-- KT134 a line its contract does not have.

-- A line is about a line of the contract that its order points to, and about the same product.
create or replace function sales_check_line() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    found_order record;
    found_line record;
begin
    -- What is kept for the line, and what was taken of it: always counted, never typed.
    new.reserved := new.picked + coalesce((
        select sum(v.qty) from stock_reservation v
        where v.document_line = new.id and v.status = 'active'
    ), 0);
    if new.is_void and new.reserved > 0 then
        raise exception 'Line % still keeps goods', new.line_no using errcode = 'KT137',
            detail = jsonb_build_object('line_no', new.line_no, 'reserved', new.reserved)::text;
    end if;
    if new.choice_by_id is not null and exists (
        select 1 from sales_order o where o.id = new.order_id and o.seller_id = new.choice_by_id
    ) then
        raise exception 'Who took the order agrees to the choice of line %', new.line_no using errcode = 'KT138',
            detail = jsonb_build_object('line_no', new.line_no)::text;
    end if;
    if new.contract_line_id is not null
        and (tg_op = 'INSERT' or new.contract_line_id is distinct from old.contract_line_id
             or new.product_id <> old.product_id) then
        select o.number, v.contract_id into found_order
        from sales_order o left join sales_contractversion v on v.id = o.contract_version_id
        where o.id = new.order_id;
        select l.product_id, v.contract_id, l.line_no into found_line
        from sales_contractline l join sales_contractversion v on v.id = l.version_of_id
        where l.id = new.contract_line_id;
        if (found_line.product_id, found_line.contract_id)
            is distinct from (new.product_id, found_order.contract_id) then
            raise exception 'Line % of % is not in its contract', new.line_no, found_order.number
                using errcode = 'KT134',
                detail = jsonb_build_object('line_no', new.line_no, 'number', found_order.number)::text;
        end if;
    end if;
    return new;
end $$;
create or replace trigger check_line before insert or update on sales_orderline
    for each row execute function sales_check_line();

-- Reservations → lines.
create or replace function sales_count_reserved() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    update sales_orderline l set reserved = 0  -- counted by check_line
    where l.id in (select n.document_line from new_rows n where n.document_kind = 'sales.order');
    return null;
end $$;
create or replace trigger count_reserved_new after insert on stock_reservation
    referencing new table as new_rows for each statement execute function sales_count_reserved();
create or replace trigger count_reserved_ended after update on stock_reservation
    referencing new table as new_rows for each statement execute function sales_count_reserved();

-- The state that the lines' quantities say.
create or replace function sales_order_state(wanted uuid) returns text
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select case
        when sum(l.signed) >= sum(l.qty) then 'signed'
        when sum(l.shipped) >= sum(l.qty) and sum(l.signed) > 0 then 'part_signed'
        when sum(l.shipped) >= sum(l.qty) then 'shipped'
        when sum(l.shipped) > 0 then 'part_shipped'
        when sum(l.picked) > 0 then 'picking'
        when sum(l.reserved) > 0 then 'reserved'
        else 'approved'
    end
    from sales_orderline l where l.order_id = wanted and not l.is_void
$$;

-- Lines → total and state of their orders, and what is called off of contracts.
create or replace function sales_follow_lines() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    contract_lines uuid[];
begin
    update sales_order o set total = s.total, status = s.status
    from (
        select p.id, coalesce(sum(l.amount) filter (where not l.is_void), 0) as total,
               case when p.status in ('approved', 'reserved', 'picking', 'part_shipped', 'shipped', 'part_signed', 'signed')
                   then sales_order_state(p.id) else p.status end as status
        from sales_order p join sales_orderline l on l.order_id = p.id
        where p.id in (select n.order_id from new_rows n)
        group by p.id
    ) s
    where o.id = s.id and (o.total, o.status) is distinct from (s.total, s.status);

    if tg_op = 'INSERT' then
        select array_agg(distinct n.contract_line_id) into contract_lines
        from new_rows n where n.contract_line_id is not null;
    else
        select array_agg(distinct d.id) into contract_lines from (
            select unnest(array[n.contract_line_id, o.contract_line_id]) as id
            from new_rows n join old_rows o on o.id = n.id
            where (n.qty, n.is_void, n.contract_line_id) is distinct from (o.qty, o.is_void, o.contract_line_id)
        ) d where d.id is not null;
    end if;
    if contract_lines is not null then
        perform sales_count_call_offs(contract_lines);
    end if;
    return null;
end $$;
create or replace trigger follow_new_lines after insert on sales_orderline
    referencing new table as new_rows for each statement execute function sales_follow_lines();
create or replace trigger follow_changed_lines after update on sales_orderline
    referencing new table as new_rows old table as old_rows
    for each statement execute function sales_follow_lines();

-- A state past approval is the one that the quantities say; approval rests on checks that passed.
create or replace function sales_check_order() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    said text;
    kept numeric;
    found_checks jsonb;
begin
    if new.status in ('approved', 'reserved', 'picking', 'part_shipped', 'shipped', 'part_signed', 'signed') then
        said := sales_order_state(new.id);
        if new.status <> said then
            raise exception '% is %, not %', new.number, said, new.status using errcode = 'KT135',
                detail = jsonb_build_object('number', new.number, 'status', new.status, 'said', said)::text;
        end if;
    end if;
    if new.status = 'approved' and old.status = 'submitted' then
        select j.verdicts into found_checks from sales_orderjudgement j
        where j.order_id = new.id and j.revision = new.revision and j.occasion = 'approve'
        order by j.judged_at desc, j.id desc limit 1;
        if found_checks is null or exists (
            select 1 from jsonb_array_elements(found_checks) v
            where not (v ->> 'passed')::boolean
              and not (v ->> 'check' = 'credit' and new.credit_by_name <> '')
        ) then
            raise exception '% has not passed its checks', new.number using errcode = 'KT136',
                detail = jsonb_build_object('number', new.number, 'judged', found_checks is not null)::text;
        end if;
    end if;
    if new.status in ('cancelled', 'closed') and new.status <> old.status then
        select coalesce(sum(l.reserved - case when new.status = 'closed' then l.picked else 0 end), 0) into kept
        from sales_orderline l where l.order_id = new.id and not l.is_void;
        if kept > 0 then
            raise exception '% still keeps %', new.number, kept using errcode = 'KT137',
                detail = jsonb_build_object('number', new.number, 'reserved', kept)::text;
        end if;
    end if;
    return new;
end $$;
create or replace trigger check_order before update of status on sales_order
    for each row execute function sales_check_order();

-- A cancelled order gives back what it called off.
create or replace function sales_follow_order() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    perform sales_count_call_offs(array(
        select l.contract_line_id from sales_orderline l
        where l.order_id = new.id and l.contract_line_id is not null
    ));
    return null;
end $$;
create or replace trigger follow_order after update of status on sales_order
    for each row when (new.status = 'cancelled' and old.status <> 'cancelled')
    execute function sales_follow_order();

-- What was judged and how an order read before stay as they are.
create or replace function sales_only_grows() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception '% on % is refused: it only grows', tg_op, tg_table_name using errcode = 'KT004';
end $$;
create or replace trigger only_grows before update or delete or truncate on sales_orderjudgement
    for each statement execute function sales_only_grows();
create or replace trigger only_grows before update or delete or truncate on sales_orderrevision
    for each statement execute function sales_only_grows();
