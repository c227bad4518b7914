-- The rules of purchasing, for whoever writes and by whatever means.
-- Codes: KT120 an inspector who bought or received; KT121 an inspection of something else than what
-- arrived; KT122 what was received is counted by the database alone; KT123 an invoice with an open
-- difference; KT124 goods that become qualified without an acceptance; KT125 an order that may not be
-- placed.

-- Invariants 10 and 11: an order is placed when nothing stands against it, on its day.
create or replace function purchasing_check_trade() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    wrong record;
begin
    select f.finding, f.reason, p.product_code, count(*) over () as failed into wrong
    from trade_faults(
        new.supplier_id,
        (select array_agg(l.product_id) from purchasing_orderline l where l.order_id = new.id),
        'supplier', coalesce(new.ordered_on, current_date),
        (select nullif(w.region_code, '') from stock_warehouse w where w.id = new.warehouse_id)
    ) f
    left join products_product p on p.id = f.product
    order by f.finding, p.product_code limit 1;
    if found or not exists (select 1 from purchasing_orderline l where l.order_id = new.id) then
        raise exception 'Order % may not be placed: %', new.number, coalesce(wrong.reason, 'no lines')
            using errcode = 'KT125', detail = to_jsonb(wrong)::text;
    end if;
    return new;
end $$;
create or replace trigger check_trade before update of status on purchasing_order
    for each row when (new.status = 'ordered' and old.status = 'submitted')
    execute function purchasing_check_trade();
alter table purchasing_order enable always trigger check_trade;
-- What is ordered from whom stands once it was handed in.
create or replace function purchasing_order_stands() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
    if old.status <> 'draft' then
        raise exception 'Order % was handed in', old.number using errcode = 'KT125',
            detail = jsonb_build_object('reason', 'handed-in')::text;
    end if;
    return new;
end $$;
create or replace trigger stands before update of supplier_id, warehouse_id, buyer_id, currency
    on purchasing_order for each row
    when ((new.supplier_id, new.warehouse_id, new.buyer_id, new.currency)
          is distinct from (old.supplier_id, old.warehouse_id, old.buyer_id, old.currency))
    execute function purchasing_order_stands();
create or replace function purchasing_line_stands() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if exists (select 1 from purchasing_order o where o.id = new.order_id and o.status <> 'draft') then
        raise exception 'The order was handed in' using errcode = 'KT125',
            detail = jsonb_build_object('reason', 'handed-in')::text;
    end if;
    return new;
end $$;
create or replace trigger stands before insert or update of order_id, product_id, qty, unit_price, tax_rate,
        over_percent, min_remaining_days
    on purchasing_orderline for each row execute function purchasing_line_stands();

-- Invariant 6: who accepts is neither who bought nor who received, and posted is what is inspected.
create or replace function purchasing_check_acceptance() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    paper record;
begin
    select r.number, r.status, r.warehouse_id, r.receiver_id, o.buyer_id into paper
    from purchasing_receipt r join purchasing_order o on o.id = r.order_id
    where r.id = new.receipt_id;
    if new.inspector_id is not null and new.inspector_id in (paper.buyer_id, paper.receiver_id) then
        raise exception 'Who bought or received does not accept' using errcode = 'KT120',
            detail = jsonb_build_object('receipt', paper.number,
                'bought', coalesce(new.inspector_id = paper.buyer_id, false))::text;
    end if;
    if new.warehouse_id is distinct from paper.warehouse_id or paper.status not in ('received', 'inspecting') then
        raise exception 'Receipt % is not to be inspected', paper.number using errcode = 'KT121',
            detail = jsonb_build_object('receipt', paper.number, 'status', paper.status)::text;
    end if;
    return new;
end $$;
create or replace trigger check_acceptance before insert or update of inspector_id, receipt_id, warehouse_id
    on purchasing_acceptance for each row execute function purchasing_check_acceptance();
alter table purchasing_acceptance enable always trigger check_acceptance;

create or replace function purchasing_check_acceptance_line() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if not exists (
        select 1 from purchasing_receiptline l
        join purchasing_acceptance a on a.receipt_id = l.receipt_id
        where l.id = new.receipt_line_id and a.id = new.acceptance_id and l.qty = new.arrived
    ) then
        raise exception 'The line is not what arrived' using errcode = 'KT121', detail = '{}';
    end if;
    -- The line that arrived carries what was found of it.
    update purchasing_receiptline l
    set qualified = new.qualified, rejected = new.rejected, version = l.version + 1, updated_at = now()
    where l.id = new.receipt_line_id;
    return new;
end $$;
create or replace trigger check_acceptance_line before insert on purchasing_acceptanceline
    for each row execute function purchasing_check_acceptance_line();
alter table purchasing_acceptanceline enable always trigger check_acceptance_line;

-- An inspection stands as it was signed.
create or replace function purchasing_stands() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
    raise exception 'What was inspected stands' using errcode = 'KT121', detail = '{}';
end $$;
create or replace trigger stands before update of arrived, qualified, rejected, receipt_line_id, acceptance_id
    on purchasing_acceptanceline for each row execute function purchasing_stands();
create or replace trigger stands before update of receipt_id, inspector_id, inspector_name, inspected_at
    on purchasing_acceptance for each row execute function purchasing_stands();

-- What a line of an order has received is the sum of the lines of its receipts that stand. Counted in
-- the same statement, under the lock of the order's line: two people do not receive too much.
create or replace function purchasing_count_received() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    update purchasing_orderline o
    set received = o.received + n.qty, version = o.version + 1, updated_at = now()
    from (select r.order_line_id, sum(r.qty) as qty from new_rows r group by r.order_line_id) n
    where o.id = n.order_line_id;
    return null;
end $$;
create or replace trigger count_received after insert on purchasing_receiptline
    referencing new table as new_rows
    for each statement execute function purchasing_count_received();
alter table purchasing_receiptline enable always trigger count_received;

create or replace function purchasing_count_reversed() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    update purchasing_orderline o
    set received = o.received - n.qty, version = o.version + 1, updated_at = now()
    from (
        select l.order_line_id, sum(l.qty) as qty from purchasing_receiptline l
        where l.receipt_id = new.id group by l.order_line_id
    ) n
    where o.id = n.order_line_id;
    return null;
end $$;
create or replace trigger count_reversed after update of status on purchasing_receipt
    for each row when (new.status = 'reversed' and old.status <> 'reversed')
    execute function purchasing_count_reversed();
alter table purchasing_receipt enable always trigger count_reversed;

create or replace function purchasing_check_counted() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
    if pg_trigger_depth() < 2 then  -- not from within the triggers above
        raise exception 'What arrived is counted by the database' using errcode = 'KT122', detail = '{}';
    end if;
    return new;
end $$;
create or replace trigger check_counted before update of received on purchasing_orderline
    for each row when (new.received is distinct from old.received)
    execute function purchasing_check_counted();
alter table purchasing_orderline enable always trigger check_counted;
create or replace trigger check_counted before update of qualified, rejected, qty on purchasing_receiptline
    for each row when (
        (new.qualified, new.rejected, new.qty) is distinct from (old.qualified, old.rejected, old.qty)
    ) execute function purchasing_check_counted();
alter table purchasing_receiptline enable always trigger check_counted;

-- Invariant 24: an invoice with a difference that nobody resolved is not approved.
create or replace function purchasing_check_invoice() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    open bigint;
begin
    select count(*) into open from purchasing_invoiceline l
    where l.invoice_id = new.id and l.result <> 'matched' and l.resolved_by_name = '';
    if open > 0 then
        raise exception '% lines differ', open using errcode = 'KT123',
            detail = jsonb_build_object('invoice', new.number, 'open', open)::text;
    end if;
    return new;
end $$;
create or replace trigger check_invoice before update of status on purchasing_invoice
    for each row when (new.status = 'approved' and old.status <> 'approved')
    execute function purchasing_check_invoice();
alter table purchasing_invoice enable always trigger check_invoice;

-- Invariant 6 in the ledger: what is to be inspected becomes qualified by a document that accepts it,
-- and of a purchase no more of a line than its acceptance found qualified. Looked at when it commits.
create or replace function purchasing_check_qualified() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if new.document_kind = '' or new.kind <> 'acceptance' then
        if exists (
            select 1 from stock_move m where m.posting_id = new.id
            and m.source_quality = 'pending' and m.target_quality = 'qualified'
        ) then
            raise exception '% qualifies goods without an acceptance', new.number
                using errcode = 'KT124', detail = jsonb_build_object('posting', new.number)::text;
        end if;
    elsif new.document_kind = 'purchasing.acceptance' and exists (
        select 1
        from stock_move m
        left join purchasing_acceptanceline l
            on l.receipt_line_id = m.document_line and l.acceptance_id = new.document_id
        where m.posting_id = new.id and m.target_quality = 'qualified'
        group by l.id, l.qualified
        having l.id is null or sum(m.qty) > l.qualified
    ) then
        raise exception '% qualifies more than was accepted', new.number
            using errcode = 'KT124', detail = jsonb_build_object('posting', new.number)::text;
    end if;
    return null;
end $$;
drop trigger if exists check_qualified on stock_posting;
create constraint trigger check_qualified after insert on stock_posting
    deferrable initially deferred
    for each row when (new.kind in ('acceptance', 'transfer', 'put_away', 'pick'))
    execute function purchasing_check_qualified();
alter table stock_posting enable always trigger check_qualified;

-- Whether a serial of a product is known and at what kind of place, whoever asks: somebody limited to
-- one warehouse must not receive what lies in another.
create or replace function purchasing_known_serials(products uuid[], serials text[])
returns table (product_id uuid, serial_no text, kind text)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select u.product_id, u.serial_no::text, l.kind::text
    from unnest(products, serials) as w (product, serial)
    join stock_unit u on u.product_id = w.product and u.serial_no = w.serial
    join stock_location l on l.id = u.location_id
$$;
