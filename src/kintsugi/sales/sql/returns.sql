-- The rules of returns, for whoever writes and by whatever means.
-- Code: KT13D more comes back than the customer has of what that delivery brought, or, unsigned, than
-- was refused.

create or replace function sales_check_return_line() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    item record;
    of_delivery uuid;
    of_kind text;
    asked numeric;
begin
    select r.delivery_id, r.kind into of_delivery, of_kind from sales_return r where r.id = new.return_of_id;
    -- Two returns of one thing wait for each other here.
    select case when of_kind = 'unsigned' then i.refused else i.signed end as signed, i.delivery_id, p.product_code, t.lot_no, u.serial_no into item
    from sales_deliveryitem i
    join products_product p on p.id = i.product_id
    left join stock_lot t on t.id = i.lot_id
    left join stock_unit u on u.id = i.unit_id
    where i.id = new.item_id
    for update of i;
    select coalesce(sum(case when r.status in ('requested', 'awaited') then l.qty else l.received end), 0)
    into asked
    from sales_returnline l join sales_return r on r.id = l.return_of_id
    where l.item_id = new.item_id and l.id <> new.id and not l.is_void and r.status <> 'rejected'
      and (r.kind = 'unsigned') = (of_kind = 'unsigned');
    if not new.is_void and (item.delivery_id <> of_delivery or asked + new.qty > item.signed) then
        raise exception '% signed, % asked back before, % now', item.signed, asked, new.qty
            using errcode = 'KT13D',
            detail = (to_jsonb(item) || jsonb_build_object('asked', asked, 'qty', new.qty,
                'of_delivery', item.delivery_id = of_delivery))::text;
    end if;
    return new;
end $$;
create or replace trigger check_return_line before insert or update of qty, item_id, return_of_id, is_void
    on sales_returnline for each row execute function sales_check_return_line();

-- What was signed for and came back → items. What came back unsigned is among the refused already.
create or replace function sales_fold_returns() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    update sales_deliveryitem i set returned = s.returned
    from (
        select l.item_id, sum(l.received) as returned
        from sales_returnline l join sales_return r on r.id = l.return_of_id
        where l.item_id in (select n.item_id from new_rows n) and not l.is_void and r.kind <> 'unsigned'
        group by l.item_id
    ) s
    where i.id = s.item_id and i.returned <> s.returned;
    return null;
end $$;
create or replace trigger fold_new_returns after insert on sales_returnline
    referencing new table as new_rows for each statement execute function sales_fold_returns();
create or replace trigger fold_changed_returns after update on sales_returnline
    referencing new table as new_rows for each statement execute function sales_fold_returns();

-- Goods that came back were inspected line by line before the return goes on.
create or replace function sales_step_return() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if new.status in ('inspected', 'closed') and exists (
        select 1 from sales_returnline l
        where l.return_of_id = new.id and not l.is_void and l.received > 0 and l.decision = ''
    ) then
        raise exception '% has lines without a decision', new.number using errcode = 'KT13F',
            detail = jsonb_build_object('number', new.number, 'status', new.status, 'said', 'received')::text;
    end if;
    return new;
end $$;
create or replace trigger step_return before update of status on sales_return
    for each row execute function sales_step_return();

-- When the transaction ends the ledger has what came back where the return says it is.
drop trigger if exists check_return on sales_return;
create constraint trigger check_return after update on sales_return
    deferrable initially deferred
    for each row when (new.status is distinct from old.status and new.status in ('received', 'inspected', 'closed'))
    execute function sales_check_receipt();
