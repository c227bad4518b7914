-- The rules of invoices and credit notes, for whoever writes and by whatever means.
-- Codes: KT160 more than was signed, not returned and not invoiced (invariant 24); KT161 content that
-- is fixed; KT162 a credit beyond its original; KT163 an amount that was typed instead of counted;
-- KT164 a line that is not what it says; KT165 a state that the amounts do not say.

-- The things that order lines were first served with: what came in exchange is billed for them.
create or replace function billing_roots(items uuid[]) returns table (item_id uuid, root_id uuid)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    with recursive up (item_id, at_id) as (
        select i, i from unnest(items) i
        union all
        select u.item_id, r.item_id
        from up u
        join sales_deliveryitem i on i.id = u.at_id
        join sales_deliveryline l on l.id = i.line_id
        join sales_returnline r on r.id = l.return_line_id
    )
    select u.item_id, u.at_id
    from up u
    join sales_deliveryitem i on i.id = u.at_id
    join sales_deliveryline l on l.id = i.line_id
    where l.order_line_id is not null
$$;

-- What was signed for and not returned, of each such thing and all that replaced it.
create or replace function billing_kept(roots uuid[]) returns table (root_id uuid, kept numeric)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    with recursive down (root_id, item_id) as (
        select r, r from unnest(roots) r
        union all
        select d.root_id, i.id
        from down d
        join sales_returnline r on r.item_id = d.item_id
        join sales_deliveryline l on l.return_line_id = r.id
        join sales_deliveryitem i on i.line_id = l.id
    )
    select d.root_id, sum(i.signed - i.returned)
    from down d join sales_deliveryitem i on i.id = d.item_id
    group by d.root_id
$$;

-- What stands on invoices, less what credit notes took off; a credit counts once it is issued.
create or replace function billing_invoiced(roots uuid[])
returns table (root_id uuid, receipt_line_id uuid, qty numeric)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select l.root_item_id, l.receipt_line_id,
           sum(case when l.original_id is null then l.qty else -l.qty end)
    from billing_invoiceline l join billing_invoice v on v.id = l.invoice_id
    where l.root_item_id = any (roots) and not l.is_void
      and (l.original_id is null and v.status <> 'voided'
           or l.original_id is not null and v.status in ('issued', 'part_paid', 'paid'))
    group by l.root_item_id, l.receipt_line_id
$$;

create or replace function billing_check_lines() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    roots uuid[];
    wrong record;
begin
    -- Two people who invoice the same goods, or a return of them, wait for each other here.
    perform 1 from sales_deliveryitem i
    where i.id in (select n.root_item_id from new_rows n) order by i.id for update;
    perform 1 from billing_invoice v
    where v.id in (select o.invoice_id from new_rows n join billing_invoiceline o on o.id = n.original_id)
    order by v.id for update;
    roots := array(select distinct n.root_item_id from new_rows n);

    select n.line_no, v.number, v.status into wrong
    from new_rows n
    join billing_invoice v on v.id = n.invoice_id
    where v.status <> 'draft' limit 1;
    if found then
        raise exception '% is %, its lines are fixed', wrong.number, wrong.status using errcode = 'KT161',
            detail = to_jsonb(wrong)::text;
    end if;

    -- A line is what its receipt and its order say; a credit is what its original says.
    select n.line_no, v.number into wrong
    from new_rows n
    join billing_invoice v on v.id = n.invoice_id
    left join sales_receiptline r on r.id = n.receipt_line_id and r.outcome = 'signed'
    left join billing_roots(array(select x.item_id from sales_receiptline x
        join new_rows m on m.receipt_line_id = x.id)) t on t.item_id = r.item_id
    left join sales_deliveryitem i on i.id = t.root_id
    left join sales_deliveryline d on d.id = i.line_id
    left join sales_orderline o on o.id = d.order_line_id
    left join sales_order s on s.id = o.order_id
    left join billing_invoiceline g on g.id = n.original_id
    where (n.root_item_id, n.order_line_id, n.product_id, n.price, n.discount, n.tax_rate, v.customer_id, v.currency)
          is distinct from (t.root_id, o.id, i.product_id, o.price, o.discount, o.tax_rate, s.customer_id, s.currency)
       or (v.kind = 'credit') <> (n.original_id is not null)
       or n.original_id is not null
          and (g.invoice_id, g.receipt_line_id) is distinct from (v.original_id, n.receipt_line_id)
    limit 1;
    if found then
        raise exception 'Line % of % is not what its receipt says', wrong.line_no, wrong.number
            using errcode = 'KT164', detail = to_jsonb(wrong)::text;
    end if;

    -- Invariant 24: invoiced ≤ signed − returned, of the receipt's line and of the things.
    select n.line_no, p.product_code, r.qty - f.qty + n.qty as left_qty, n.qty into wrong
    from new_rows n
    join sales_receiptline r on r.id = n.receipt_line_id
    join billing_invoiced(roots) f on f.receipt_line_id = n.receipt_line_id
    join products_product p on p.id = n.product_id
    where n.original_id is null and f.qty > r.qty
    order by n.line_no limit 1;
    if not found then
        select n.line_no, p.product_code, k.kept - f.qty + a.qty as left_qty, a.qty into wrong
        from (select root_item_id, product_id, min(line_no) as line_no, sum(qty) as qty
              from new_rows where original_id is null group by 1, 2) a
        join new_rows n on n.root_item_id = a.root_item_id and n.line_no = a.line_no
        join billing_kept(roots) k on k.root_id = a.root_item_id
        join (select root_id, sum(qty) as qty from billing_invoiced(roots) group by 1) f
            on f.root_id = a.root_item_id
        join products_product p on p.id = a.product_id
        where f.qty > k.kept
        order by a.line_no limit 1;
    end if;
    if found then
        raise exception '% of % is not invoiced, % asked', wrong.left_qty, wrong.product_code, wrong.qty
            using errcode = 'KT160', detail = to_jsonb(wrong)::text;
    end if;

    -- A credit, together with those before it, stays within the line it corrects.
    select n.line_no, v.number, g.qty - s.qty + n.qty as left_qty, g.gross - s.gross + n.gross as left_gross,
           n.qty, n.gross into wrong
    from new_rows n
    join billing_invoiceline g on g.id = n.original_id
    join billing_invoice v on v.id = g.invoice_id
    join (
        select c.original_id, sum(c.qty) as qty, sum(c.gross) as gross, sum(c.net) as net, sum(c.tax) as tax
        from billing_invoiceline c join billing_invoice w on w.id = c.invoice_id
        where c.original_id in (select m.original_id from new_rows m) and w.status <> 'voided' and not c.is_void
        group by c.original_id
    ) s on s.original_id = n.original_id
    where s.qty > g.qty or s.gross > g.gross or s.net > g.net or s.tax > g.tax
       or v.status not in ('issued', 'part_paid', 'paid')
    order by n.line_no limit 1;
    if found then
        raise exception 'Line % takes more off % than is left', wrong.line_no, wrong.number
            using errcode = 'KT162', detail = to_jsonb(wrong)::text;
    end if;

    update billing_invoice v set net = s.net, tax = s.tax, gross = s.gross
    from (
        select l.invoice_id, sum(l.net) as net, sum(l.tax) as tax, sum(l.gross) as gross
        from billing_invoiceline l
        where l.invoice_id in (select n.invoice_id from new_rows n) and not l.is_void
        group by l.invoice_id
    ) s
    where v.id = s.invoice_id;
    return null;
end $$;
create or replace trigger check_lines after insert on billing_invoiceline
    referencing new table as new_rows for each statement execute function billing_check_lines();

create or replace function billing_only_grows() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception '% on % is refused: it only grows', tg_op, tg_table_name using errcode = 'KT004';
end $$;
create or replace trigger only_grows before update or delete or truncate on billing_invoiceline
    for each statement execute function billing_only_grows();

-- The state that the amounts say, of an invoice that was issued.
create or replace function billing_state(gross numeric, settled numeric, credited numeric) returns text
language sql immutable as $$
    select case
        when credited = gross then 'reversed'
        when settled = gross then 'paid'
        when settled > 0 then 'part_paid'
        else 'issued'
    end
$$;

create or replace function billing_check_invoice() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    said text;
begin
    if tg_op = 'INSERT' then
        if (new.net, new.tax, new.gross, new.settled, new.credited) <> (0, 0, 0, 0, 0) then
            raise exception 'Amounts of % are counted, not typed', new.number using errcode = 'KT163',
                detail = jsonb_build_object('number', new.number)::text;
        end if;
        return new;
    end if;
    if pg_trigger_depth() < 2 and (new.net, new.tax, new.gross, new.settled, new.credited)
        is distinct from (old.net, old.tax, old.gross, old.settled, old.credited) then
        raise exception 'Amounts of % are counted, not typed', new.number using errcode = 'KT163',
            detail = jsonb_build_object('number', new.number)::text;
    end if;
    if (new.number, new.kind, new.customer_id, new.currency, new.original_id, new.returned_id, new.written_by_id)
        is distinct from
       (old.number, old.kind, old.customer_id, old.currency, old.original_id, old.returned_id, old.written_by_id)
       or old.status in ('issued', 'part_paid', 'paid', 'reversed', 'voided')
          and (new.tax_code, new.tax_number, new.invoiced_on, new.reason, new.net, new.tax, new.gross, new.is_void)
              is distinct from
              (old.tax_code, old.tax_number, old.invoiced_on, old.reason, old.net, old.tax, old.gross, old.is_void)
    then
        raise exception '% is %, its content is fixed', old.number, old.status using errcode = 'KT161',
            detail = jsonb_build_object('number', old.number, 'status', old.status)::text;
    end if;
    if new.status = 'approved' and old.status = 'draft' and new.gross = 0 then
        raise exception '% asks for nothing', new.number using errcode = 'KT165',
            detail = jsonb_build_object('number', new.number, 'status', new.status, 'said', 'draft')::text;
    end if;
    if new.status in ('issued', 'part_paid', 'paid', 'reversed') then
        said := billing_state(new.gross, new.settled, new.credited);
        if new.status <> said then
            raise exception '% is %, not %', new.number, said, new.status using errcode = 'KT165',
                detail = jsonb_build_object('number', new.number, 'status', new.status, 'said', said)::text;
        end if;
    end if;
    return new;
end $$;
create or replace trigger check_invoice before insert or update on billing_invoice
    for each row execute function billing_check_invoice();

-- An issued credit note → what is taken off its original.
create or replace function billing_follow_credit() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    update billing_invoice v
    set credited = s.credited, status = billing_state(v.gross, v.settled, s.credited)
    from (
        select sum(c.gross) as credited from billing_invoice c
        where c.original_id = new.original_id and c.status in ('issued', 'part_paid', 'paid')
    ) s
    where v.id = new.original_id;
    return null;
end $$;
create or replace trigger follow_credit after update of status on billing_invoice
    for each row when (new.kind = 'credit' and new.status = 'issued' and old.status = 'approved')
    execute function billing_follow_credit();
