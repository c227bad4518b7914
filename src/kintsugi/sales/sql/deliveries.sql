-- The rules of deliveries, for whoever writes and by whatever means.
-- KT13E goods that this customer may not have on this day;
-- Codes: KT13H a count that was typed instead of counted; KT13I an order that may not be served now;
-- KT13A what was scanned at the check is not what was picked; KT13B items that the ledger does not
-- know; KT13G a checker who picked some of it; KT13C goods that may not travel together; KT13F a state that the quantities do not say.

-- What happened to goods is counted, never typed: only triggers (depth 2 and more) write it.
create or replace function sales_keep_counts() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
declare
    counts constant text[] := case when tg_table_name = 'sales_deliveryitem'
        then array['signed', 'refused', 'lost', 'returned']
        else array['picked', 'shipped', 'signed', 'refused', 'lost', 'returned'] end;
    was jsonb := '{}';
    name text;
begin
    if pg_trigger_depth() > 1 then
        return new;
    end if;
    -- Of an order's line: from the first delivery that carries it, which is what there is to count.
    if tg_table_name = 'sales_orderline'
        and not exists (select 1 from sales_deliveryline l where l.order_line_id = new.id) then
        return new;
    end if;
    if tg_op = 'UPDATE' then
        was := to_jsonb(old);
    end if;
    foreach name in array counts loop
        if coalesce((to_jsonb(new) ->> name)::numeric, 0) <> coalesce((was ->> name)::numeric, 0) then
            raise exception '% of % is counted, not typed', name, tg_table_name using errcode = 'KT13H',
                detail = jsonb_build_object('column', name)::text;
        end if;
    end loop;
    return new;
end $$;
create or replace trigger keep_counts before insert or update on sales_deliveryitem
    for each row execute function sales_keep_counts();
create or replace trigger keep_counts before insert or update on sales_deliveryline
    for each row execute function sales_keep_counts();
create or replace trigger keep_counts before update on sales_orderline
    for each row execute function sales_keep_counts();

-- Items → lines of deliveries → lines of orders.
create or replace function sales_fold_items() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    update sales_deliveryline l
    set picked = s.picked, shipped = s.shipped, signed = s.signed, refused = s.refused, lost = s.lost,
        returned = s.returned
    from (
        select i.line_id, sum(i.picked) as picked, sum(i.shipped) as shipped, sum(i.signed) as signed,
               sum(i.refused) as refused, sum(i.lost) as lost, sum(i.returned) as returned
        from sales_deliveryitem i
        where i.line_id in (select n.line_id from new_rows n)
        group by i.line_id
    ) s
    where l.id = s.line_id
      and (l.picked, l.shipped, l.signed, l.refused, l.lost, l.returned)
          is distinct from (s.picked, s.shipped, s.signed, s.refused, s.lost, s.returned);
    return null;
end $$;
create or replace trigger fold_new_items after insert on sales_deliveryitem
    referencing new table as new_rows for each statement execute function sales_fold_items();
create or replace trigger fold_changed_items after update on sales_deliveryitem
    referencing new table as new_rows for each statement execute function sales_fold_items();

create or replace function sales_fold_delivery_lines() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    update sales_orderline o
    set picked = s.picked, shipped = s.shipped, signed = s.signed, refused = s.refused,
        returned = s.returned
    from (
        select l.order_line_id, sum(l.picked) as picked, sum(l.shipped) as shipped,
               sum(l.signed) as signed, sum(l.refused) as refused, sum(l.returned) as returned
        from sales_deliveryline l
        where l.order_line_id in (select n.order_line_id from new_rows n)
        group by l.order_line_id
    ) s
    where o.id = s.order_line_id
      and (o.picked, o.shipped, o.signed, o.refused, o.returned)
          is distinct from (s.picked, s.shipped, s.signed, s.refused, s.returned);
    return null;
end $$;
create or replace trigger fold_changed_lines after update on sales_deliveryline
    referencing new table as new_rows for each statement execute function sales_fold_delivery_lines();

-- What a delivery's goods ask of the way; cold and frozen goods do not share a box.
create or replace function sales_need_cold() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    mixed record;
begin
    select d.number into mixed
    from sales_delivery d
    where d.id in (select n.delivery_id from new_rows n)
      and (
          select count(distinct r.storage_condition)
          from sales_deliveryline l join products_product r on r.id = l.product_id
          where l.delivery_id = d.id and not l.is_void and r.storage_condition in ('cold', 'frozen')
      ) > 1
    limit 1;
    if found then
        raise exception '% has cold and frozen goods', mixed.number using errcode = 'KT13C',
            detail = to_jsonb(mixed)::text;
    end if;
    update sales_delivery d set needs_cold = s.needs
    from (
        select l.delivery_id, coalesce(max(r.storage_condition)
            filter (where r.storage_condition in ('cold', 'frozen')), '') as needs
        from sales_deliveryline l join products_product r on r.id = l.product_id
        where l.delivery_id in (select n.delivery_id from new_rows n) and not l.is_void
        group by l.delivery_id
    ) s
    where d.id = s.delivery_id and d.needs_cold <> s.needs;
    return null;
end $$;
create or replace trigger need_cold_new after insert on sales_deliveryline
    referencing new table as new_rows for each statement execute function sales_need_cold();

-- What the check of a delivery found: things picked and not scanned, or scanned more than picked.
create or replace function sales_check_differences(wanted uuid)
returns table (line_id uuid, product_id uuid, lot_id uuid, unit_id uuid, picked numeric, scanned numeric)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    with picked as (
        select i.line_id, i.product_id, i.lot_id, i.unit_id, sum(i.picked) as qty
        from sales_deliveryitem i where i.delivery_id = wanted and not i.is_void
        group by i.line_id, i.product_id, i.lot_id, i.unit_id
    ),
    scanned as (
        select s.line_id, s.product_id, s.lot_id, s.unit_id, sum(s.qty) as qty
        from sales_pickscan s join sales_delivery d on d.id = s.delivery_id
        where s.delivery_id = wanted and s.phase = 'check' and s.round = d.check_round and s.accepted
        group by s.line_id, s.product_id, s.lot_id, s.unit_id
    )
    select coalesce(p.line_id, s.line_id), coalesce(p.product_id, s.product_id),
           coalesce(p.lot_id, s.lot_id), coalesce(p.unit_id, s.unit_id),
           coalesce(p.qty, 0), coalesce(s.qty, 0)
    from picked p
    full join scanned s on s.line_id = p.line_id and s.product_id = p.product_id
        -- A full join needs equality; ids are never this one.
        and coalesce(s.lot_id, '00000000-0000-0000-0000-000000000000')
            = coalesce(p.lot_id, '00000000-0000-0000-0000-000000000000')
        and coalesce(s.unit_id, '00000000-0000-0000-0000-000000000000')
            = coalesce(p.unit_id, '00000000-0000-0000-0000-000000000000')
    where coalesce(p.qty, 0) <> coalesce(s.qty, 0)
$$;

-- Where the items of deliveries and the ledger differ: no row, they agree. ``place`` is the shipping
-- zone (picked, not shipped), the way (shipped, not arrived) or the customer (signed, not returned).
create or replace function sales_ledger_differences(wanted uuid[])
returns table (delivery_id uuid, line_id uuid, lot_id uuid, unit_id uuid, place text, said numeric, ledger numeric)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    with moved as (
        select d.id as delivery_id, m.document_line as line_id, m.lot_id, m.unit_id,
               case when l.id = d.goes_to_id then 'way' when l.kind = 'customer' then 'customer'
                   else 'shipping' end as place,
               sum(case when e.inward then m.qty else -m.qty end) as qty
        from sales_delivery d
        cross join lateral (
            select d.id as id union all select r.id from sales_return r where r.delivery_id = d.id
        ) o
        join stock_posting p on p.document_id = o.id
        join stock_move m on m.posting_id = p.id
        cross join lateral (values (m.target_id, true), (m.source_id, false)) e (location_id, inward)
        join stock_location l on l.id = e.location_id
        where d.id = any (wanted)
          and (l.id = d.goes_to_id or l.warehouse_id = d.warehouse_id and l.zone = 'shipping'
               or l.kind = 'customer' and l.party_id = d.customer_id)
        group by d.id, m.document_line, m.lot_id, m.unit_id, 5
    ),
    said as (
        select i.delivery_id, i.line_id, i.lot_id, i.unit_id, w.place, sum(w.qty) as qty
        from sales_deliveryitem i
        cross join lateral (values
            ('shipping', i.picked - i.shipped), ('way', i.shipped - i.signed - i.refused - i.lost),
            ('customer', i.signed - i.returned)
        ) w (place, qty)
        where i.delivery_id = any (wanted)
        group by i.delivery_id, i.line_id, i.lot_id, i.unit_id, w.place
    ),
    sides as (
        select s.delivery_id, s.line_id, s.lot_id, s.unit_id, s.place, s.qty as said, 0 as ledger from said s
        union all
        select m.delivery_id, m.line_id, m.lot_id, m.unit_id, m.place, 0, m.qty from moved m
    )
    select b.delivery_id, b.line_id, b.lot_id, b.unit_id, b.place, sum(b.said), sum(b.ledger)
    from sides b
    group by b.delivery_id, b.line_id, b.lot_id, b.unit_id, b.place
    having sum(b.said) <> sum(b.ledger)
$$;

create or replace function sales_agree_with_ledger(wanted uuid) returns void
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    wrong record;
begin
    select d.number, f.place, f.said, f.ledger, t.lot_no, u.serial_no into wrong
    from sales_ledger_differences(array[wanted]) f
    join sales_delivery d on d.id = f.delivery_id
    left join stock_lot t on t.id = f.lot_id
    left join stock_unit u on u.id = f.unit_id
    limit 1;
    if found then
        raise exception '% says % (%), the ledger %', wrong.number, wrong.said, wrong.place, wrong.ledger
            using errcode = 'KT13B', detail = to_jsonb(wrong)::text;
    end if;
end $$;

-- A step of a delivery: its orders may be served; what arrived says how it ended.
create or replace function sales_step_delivery() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    found_order record;
    counted record;
    said text;
begin
    if new.status in ('picking', 'picked', 'checking', 'checked', 'shipped') then
        select o.number, o.status into found_order
        from sales_deliveryline l
        join sales_orderline n on n.id = l.order_line_id
        join sales_order o on o.id = n.order_id
        where l.delivery_id = new.id and not l.is_void
          and (o.status in ('on_hold', 'cancelled', 'draft', 'submitted') or o.status = 'closed' and new.status = 'shipped')
        order by o.number limit 1;
        if found then
            raise exception '% is %', found_order.number, found_order.status using errcode = 'KT13I',
                detail = (to_jsonb(found_order) || jsonb_build_object('delivery', new.number))::text;
        end if;
    end if;
    select coalesce(sum(i.picked), 0) as picked, coalesce(sum(i.shipped), 0) as shipped,
           coalesce(sum(i.signed), 0) as signed,
           coalesce(sum(i.refused + i.lost), 0) as gone
    into counted from sales_deliveryitem i where i.delivery_id = new.id;
    said := case
        when new.status in ('picked', 'checked') and counted.picked = 0 then 'picking'
        when new.status = 'cancelled' and counted.picked > 0 then 'picking'
        when new.status in ('draft', 'assigned', 'picking', 'picked', 'checking', 'checked', 'cancelled')
            and counted.shipped > 0 then 'shipped'
        when new.status = 'shipped' and counted.shipped < counted.picked then 'checked'
        when new.status in ('signed', 'part_signed', 'refused', 'closed') then case
            when counted.shipped > counted.signed + counted.gone then 'part_signed'
            when new.status = 'closed' then 'closed'
            when counted.signed = 0 then 'refused'
            when counted.gone > 0 then 'part_signed'
            else 'signed' end
        else new.status end;
    if said <> new.status then
        raise exception '% is %, not %', new.number, said, new.status using errcode = 'KT13F',
            detail = jsonb_build_object('number', new.number, 'status', new.status, 'said', said)::text;
    end if;
    return new;
end $$;
create or replace trigger step_delivery before update of status on sales_delivery
    for each row when (new.status is distinct from old.status) execute function sales_step_delivery();

-- On the day of shipment: the customer's licence, scope and first review, the products' reviews and
-- state, and that each lot was made while a certificate of its product was in force.
create or replace function sales_may_ship() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    fault record;
begin
    select f.finding, f.reason, r.product_code into fault
    from trade_faults(
        new.customer_id,
        array(select distinct i.product_id from sales_deliveryitem i where i.delivery_id = new.id and not i.is_void),
        'customer', new.shipped_on
    ) f
    left join products_product r on r.id = f.product
    order by f.finding, r.product_code limit 1;
    if not found then
        with made as (
            select i.product_id, coalesce(u.mfg_date, t.mfg_date) as mfg_date,
                   coalesce(u.expiry_date, t.expiry_date) as expiry_date,
                   min(t.lot_no) as lot_no, min(u.serial_no) as serial_no,
                   row_number() over (order by i.product_id) as line
            from sales_deliveryitem i
            left join stock_lot t on t.id = i.lot_id
            left join stock_unit u on u.id = i.unit_id
            where i.delivery_id = new.id and not i.is_void
            group by 1, 2, 3
        )
        select f.finding, f.reason, r.product_code, m.lot_no, m.serial_no into fault
        from certificate_faults(
            array(select product_id from made order by line), array(select mfg_date from made order by line),
            array(select expiry_date from made order by line), new.shipped_on
        ) f
        join made m on m.line = f.line
        join products_product r on r.id = f.product
        order by f.line limit 1;
        if not found then
            return new;
        end if;
    end if;
    raise exception '% may not be shipped: %', new.number, fault.reason using errcode = 'KT13E',
        detail = (to_jsonb(fault) || jsonb_build_object('number', new.number))::text;
end $$;
create or replace trigger may_ship before update of status on sales_delivery
    for each row when (new.status = 'shipped' and old.status <> 'shipped')
    execute function sales_may_ship();

-- No goods leave for a delivery that did not take that step.
create or replace function sales_check_shipment() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    found_delivery record;
begin
    select d.number, d.status into found_delivery from sales_delivery d where d.id = new.document_id;
    if not found or found_delivery.status not in ('shipped', 'in_transit', 'part_signed', 'signed', 'refused', 'closed')
        and not exists (select 1 from stock_posting p where p.reverses_id = new.id) then
        raise exception '% was not shipped', found_delivery.number using errcode = 'KT13F',
            detail = jsonb_build_object('number', found_delivery.number, 'status', 'shipped',
                'said', found_delivery.status)::text;
    end if;
    return null;
end $$;
drop trigger if exists sales_check_shipment on stock_posting;
create constraint trigger sales_check_shipment after insert on stock_posting
    deferrable initially deferred
    for each row when (new.kind = 'ship' and new.document_kind = 'sales.delivery')
    execute function sales_check_shipment();

-- When the transaction ends: what the second person scanned is what was picked, and the ledger has
-- every item where the delivery says it is.
create or replace function sales_check_delivery() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    wrong record;
    now_status text;
begin
    select d.status into now_status from sales_delivery d where d.id = new.id;
    if new.status in ('checked', 'shipped') and now_status in ('checked', 'shipped') then
        select r.product_code, t.lot_no, u.serial_no, f.picked, f.scanned into wrong
        from sales_check_differences(new.id) f
        join products_product r on r.id = f.product_id
        left join stock_lot t on t.id = f.lot_id
        left join stock_unit u on u.id = f.unit_id
        order by r.product_code, t.lot_no, u.serial_no limit 1;
        if found then
            raise exception '%: % picked, % scanned at the check', wrong.product_code, wrong.picked, wrong.scanned
                using errcode = 'KT13A', detail = to_jsonb(wrong)::text;
        end if;
        if exists (
            select 1 from sales_pickscan s
            where s.delivery_id = new.id and s.phase = 'pick' and s.accepted and s.person_id = new.checker_id
        ) then
            raise exception 'The checker of % picked some of it', new.number using errcode = 'KT13G',
                detail = jsonb_build_object('number', new.number)::text;
        end if;
    end if;
    perform sales_agree_with_ledger(new.id);
    return null;
end $$;
drop trigger if exists check_delivery on sales_delivery;
create constraint trigger check_delivery after update on sales_delivery
    deferrable initially deferred
    for each row when (
        new.status is distinct from old.status and new.status not in ('draft', 'assigned', 'cancelled')
    )
    execute function sales_check_delivery();

-- Receipts → items; what arrived is looked at against the ledger when the transaction ends.
create or replace function sales_fold_receipts() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    update sales_deliveryitem i
    set signed = s.signed, refused = s.refused, lost = s.lost
    from (
        select r.item_id,
               coalesce(sum(r.qty) filter (where r.outcome = 'signed'), 0) as signed,
               coalesce(sum(r.qty) filter (where r.outcome in ('refused', 'damaged')), 0) as refused,
               coalesce(sum(r.qty) filter (where r.outcome = 'lost'), 0) as lost
        from sales_receiptline r
        where r.item_id in (select n.item_id from new_rows n)
        group by r.item_id
    ) s
    where i.id = s.item_id;
    return null;
end $$;
create or replace trigger fold_receipts after insert on sales_receiptline
    referencing new table as new_rows for each statement execute function sales_fold_receipts();

create or replace function sales_check_receipt() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    perform sales_agree_with_ledger(new.delivery_id);
    return null;
end $$;
drop trigger if exists check_receipt on sales_receipt;
create constraint trigger check_receipt after insert on sales_receipt
    deferrable initially deferred for each row execute function sales_check_receipt();

-- A posting of a delivery or a return that is turned round alone leaves the document saying what is not
-- so; the document's own command turns both round.
create or replace function sales_check_reversal() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    perform sales_agree_with_ledger(d.id)
    from sales_delivery d
    where d.id = new.document_id
       or d.id in (select r.delivery_id from sales_return r where r.id = new.document_id);
    return null;
end $$;
drop trigger if exists check_sales_reversal on stock_posting;
create constraint trigger check_sales_reversal after insert on stock_posting
    deferrable initially deferred
    for each row when (new.kind = 'reversal' and new.document_kind in ('sales.delivery', 'sales.return'))
    execute function sales_check_reversal();

-- Scans, check records and receipts stay as they were written.
create or replace trigger only_grows before update or delete or truncate on sales_pickscan
    for each statement execute function sales_only_grows();
create or replace trigger only_grows before update or delete or truncate on sales_checkrecord
    for each statement execute function sales_only_grows();
create or replace trigger only_grows before update or delete or truncate on sales_receipt
    for each statement execute function sales_only_grows();
create or replace trigger only_grows before update or delete or truncate on sales_receiptline
    for each statement execute function sales_only_grows();
