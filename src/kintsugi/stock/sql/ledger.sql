-- The rules of the stock ledger, for whoever writes and by whatever means.
-- Codes: KT100 a serial is not where the move says; KT101 not enough there; KT102 blocked, expired
-- or rejected goods; KT103 a store that is too warm or too cold; KT104 a closed month or a day to
-- come; KT105 a reversal that is not one; KT106 a new unit is not outside, or a unit that
-- something else than the ledger moves; KT107 a reservation; KT108 a lot or serial is missing.

-- A lot or a unit of a move is one of its product.
alter table stock_move
    add constraint move_lot_of_product
        foreign key (lot_id, product_id) references stock_lot (id, product_id),
    add constraint move_unit_of_product
        foreign key (unit_id, product_id) references stock_unit (id, product_id);
alter table stock_unit
    add constraint unit_lot_of_product
        foreign key (lot_id, product_id) references stock_lot (id, product_id);
alter table stock_reservation
    add constraint reservation_lot_of_product
        foreign key (lot_id, product_id) references stock_lot (id, product_id),
    add constraint reservation_unit_of_product
        foreign key (unit_id, product_id) references stock_unit (id, product_id);
alter table stock_block
    add constraint block_lot_of_product
        foreign key (lot_id, product_id) references stock_lot (id, product_id),
    add constraint block_unit_of_product
        foreign key (unit_id, product_id) references stock_unit (id, product_id);

-- The ledger only grows. Always: session_replication_role does not go round it.
create or replace function stock_only_grows() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception '% on % is refused: the ledger only grows', tg_op, tg_table_name
        using errcode = 'KT004', hint = 'Post a reversal.';
end $$;
create or replace trigger only_grows before update or delete or truncate on stock_move
    for each statement execute function stock_only_grows();
create or replace trigger only_grows before update or delete or truncate on stock_posting
    for each statement execute function stock_only_grows();
create or replace trigger only_grows before update or delete or truncate on stock_period
    for each statement execute function stock_only_grows();
alter table stock_move enable always trigger only_grows;
alter table stock_posting enable always trigger only_grows;
alter table stock_period enable always trigger only_grows;

-- What locations of a kind mean for the ledger.
create or replace function stock_is_ours(kind text) returns boolean
language sql immutable parallel safe as $$
    select kind in ('bin', 'van', 'consignment', 'in_transit', 'vendor_repair')
$$;
create or replace function stock_is_counted(kind text) returns boolean
language sql immutable parallel safe as $$
    select kind not in ('supplier', 'loss', 'opening')
$$;

-- How units of a product are told apart: as somebody said, else as its UDI carries it.
create or replace function stock_tracking(product products_product) returns text
language sql stable as $$
    select coalesce(nullif(product.tracking, ''), case
        when product.serial_in_udi then 'serial'
        when product.lot_in_udi then 'lot'
        else 'none'
    end)
$$;

-- A posting belongs into an open month and not into the future; the day is that of the
-- installation's zone, which the service gives.
create or replace function stock_check_posting() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    -- A month that is being closed waits for the postings under way, and they for it.
    perform pg_advisory_xact_lock_shared(hashtext('stock_period'));
    if exists (select 1 from stock_period p where p.month = date_trunc('month', new.business_date)::date) then
        raise exception 'The month of % is closed', new.business_date using errcode = 'KT104',
            detail = jsonb_build_object('business_date', new.business_date, 'why', 'closed')::text;
    end if;
    if new.business_date > (now() + interval '14 hours')::date then
        raise exception 'The day % has not come yet', new.business_date using errcode = 'KT104',
            detail = jsonb_build_object('business_date', new.business_date, 'why', 'future')::text;
    end if;
    return new;
end $$;
create or replace trigger check_posting before insert on stock_posting
    for each row execute function stock_check_posting();

create or replace function stock_close_period() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
    perform pg_advisory_xact_lock(hashtext('stock_period'));
    return new;
end $$;
create or replace trigger close_period before insert on stock_period
    for each row execute function stock_close_period();

create or replace function stock_place_block() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
    perform pg_advisory_xact_lock(hashtextextended(new.product_id::text, 102));
    return new;
end $$;
create or replace trigger place_block before insert on stock_block
    for each row execute function stock_place_block();

-- A new unit comes from outside: it was nowhere of ours before. From then on only moves move it.
create or replace function stock_check_unit() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if tg_op = 'INSERT' then
        if exists (select 1 from stock_location l where l.id = new.location_id and stock_is_counted(l.kind)) then
            raise exception 'A new unit begins outside' using errcode = 'KT106',
                detail = jsonb_build_object('serial_no', new.serial_no)::text;
        end if;
    elsif (new.location_id, new.quality) is distinct from (old.location_id, old.quality)
        and pg_trigger_depth() < 2 then  -- not from within the ledger's own trigger
        raise exception 'Only the ledger moves a unit' using errcode = 'KT106',
            detail = jsonb_build_object('serial_no', new.serial_no)::text;
    elsif (new.product_id, new.serial_no) is distinct from (old.product_id, old.serial_no) then
        raise exception 'A unit keeps its product and serial number' using errcode = 'KT106',
            detail = jsonb_build_object('serial_no', old.serial_no)::text;
    end if;
    return new;
end $$;
create or replace trigger check_unit before insert or update on stock_unit
    for each row execute function stock_check_unit();
alter table stock_unit enable always trigger check_unit;

-- The average cost of the products that go out, taken under a lock in one order.
create or replace function stock_outgoing_costs(products uuid[], sources uuid[], targets uuid[])
returns table (product_id uuid, unit_cost numeric)
language sql security definer set search_path = pg_catalog, public, pg_temp as $$
    select c.product_id, round(c.value / nullif(c.qty, 0), 6)
    from stock_cost c
    where c.product_id in (
        select w.product
        from unnest(products, sources, targets) as w (product, source, target)
        join stock_location s on s.id = w.source
        join stock_location g on g.id = w.target
        where stock_is_ours(s.kind) and not stock_is_ours(g.kind)
    )
    order by c.product_id for update
$$;

create type stock_delta as (
    product_id uuid, lot_id uuid, location_id uuid, quality text, change numeric, is_ours boolean
);

-- Moves → positions, balances and value, in the same statement.
create or replace function stock_apply_moves() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    moved bigint;
    wanted bigint;
    wrong record;
    deltas stock_delta[];
begin
    -- 0. Whoever touches a product's value takes that first: one order for all postings.
    insert into stock_cost (product_id, qty, value)
    select m.product_id, 0, 0
    from new_moves m
    join stock_location s on s.id = m.source_id
    join stock_location g on g.id = m.target_id
    where stock_is_ours(s.kind) <> stock_is_ours(g.kind)
      and not exists (select 1 from stock_cost c where c.product_id = m.product_id)
    group by m.product_id order by m.product_id
    on conflict do nothing;
    perform 1 from stock_cost c
    where c.product_id in (
        select m.product_id
        from new_moves m
        join stock_location s on s.id = m.source_id
        join stock_location g on g.id = m.target_id
        where stock_is_ours(s.kind) <> stock_is_ours(g.kind)
    )
    order by c.product_id for update;

    -- A hold that is being placed waits for the postings under way, and they for it.
    perform pg_advisory_xact_lock_shared(hashtextextended(d.product_id::text, 102))
    from (select distinct m.product_id from new_moves m order by m.product_id) d;

    -- 1. Goods that must not go out, and stores that do not suit them.
    select m.seq, m.line, p.kind, u.serial_no, t.lot_no, r.product_code,
           case
               when b.id is not null then b.kind
               when m.source_quality = 'rejected' then 'rejected'
               else 'expired'
           end as why,
           coalesce(u.expiry_date, t.expiry_date) as expiry_date, b.reason
    into wrong
    from new_moves m
    join stock_posting p on p.id = m.posting_id
    join stock_location s on s.id = m.source_id
    join stock_location g on g.id = m.target_id
    join products_product r on r.id = m.product_id
    left join stock_lot t on t.id = m.lot_id
    left join stock_unit u on u.id = m.unit_id
    left join lateral (
        select k.id, k.kind, k.reason from stock_block k
        where k.product_id = m.product_id and k.released_at is null and not k.is_void
          and (k.lot_id is null or k.lot_id = coalesce(m.lot_id, u.lot_id))
          and (k.unit_id is null or k.unit_id = m.unit_id)
        order by k.kind desc limit 1
    ) b on true
    where p.kind not in ('supplier_return', 'scrap', 'recall_return', 'adjustment', 'count', 'reversal')
      and stock_is_ours(s.kind)
      -- Within the house they may be put apart.
      and not (g.kind = 'bin' and g.zone in ('quarantine', 'rejected', 'return', 'recall'))
      and s.id <> g.id
      and (b.id is not null or m.source_quality = 'rejected'
           or coalesce(u.expiry_date, t.expiry_date) < p.business_date)
    order by m.line limit 1;
    if found then
        raise exception 'Line % may not leave: %', wrong.line, wrong.why using errcode = 'KT102',
            detail = to_jsonb(wrong)::text;
    end if;

    select m.line, r.product_code, stock_tracking(r) as tracking into wrong
    from new_moves m
    join products_product r on r.id = m.product_id
    where stock_tracking(r) in ('serial', 'lot_and_serial') and m.unit_id is null
       or stock_tracking(r) in ('lot', 'lot_and_serial') and m.lot_id is null
    order by m.line limit 1;
    if found then
        raise exception 'Line %: % is tracked by %', wrong.line, wrong.product_code, wrong.tracking
            using errcode = 'KT108', detail = to_jsonb(wrong)::text;
    end if;

    select m.line, r.product_code, r.storage_condition, g.code as location, g.temp_zone
    into wrong
    from new_moves m
    join stock_location g on g.id = m.target_id
    join products_product r on r.id = m.product_id
    join stock_posting p on p.id = m.posting_id
    where g.kind in ('bin', 'van') and g.temp_zone <> '' and p.kind <> 'reversal'
      and r.storage_condition in ('normal', 'cool', 'cold', 'frozen')
      and m.source_id <> m.target_id
      and g.temp_zone <> r.storage_condition
      and not (r.storage_condition = 'cool' and g.temp_zone = 'cold')  -- 2–8 °C lies within ≤20 °C
    order by m.line limit 1;
    if found then
        raise exception 'Line %: % is stored %, % is %', wrong.line, wrong.product_code,
            wrong.storage_condition, wrong.location, wrong.temp_zone
            using errcode = 'KT103', detail = to_jsonb(wrong)::text;
    end if;

    -- 2. Every unit is where its move says, and goes where it says. In the order of ids, so that two
    -- postings about the same units wait for each other instead of dying.
    select count(*) into wanted from new_moves m where m.unit_id is not null;
    if wanted > 0 then
        perform 1 from stock_unit u
        where u.id in (select m.unit_id from new_moves m where m.unit_id is not null)
        order by u.id for update;
        update stock_unit u
        set location_id = m.target_id, quality = m.target_quality,
            version = u.version + 1, updated_at = now()
        from new_moves m
        where u.id = m.unit_id and u.location_id = m.source_id and u.quality = m.source_quality
          and u.lot_id is not distinct from m.lot_id;
        get diagnostics moved = row_count;
        if moved <> wanted then
            select m.line, u.serial_no, r.product_code, l.code as "at", w.code as at_warehouse,
                   s.code as expected, u.quality, m.source_quality as expected_quality,
                   exists (select 1 from new_moves o where o.unit_id = m.unit_id and o.line <> m.line) as twice
            into wrong
            from new_moves m
            join stock_unit u on u.id = m.unit_id
            join products_product r on r.id = m.product_id
            join stock_location l on l.id = u.location_id
            left join stock_warehouse w on w.id = l.warehouse_id
            join stock_location s on s.id = m.source_id
            where (u.location_id, u.quality) is distinct from (m.target_id, m.target_quality)
               or u.lot_id is distinct from m.lot_id
               or exists (select 1 from new_moves o where o.unit_id = m.unit_id and o.line <> m.line)
            order by m.line limit 1;
            raise exception 'Line %: serial % is at %, not at %', wrong.line, wrong.serial_no,
                wrong."at", wrong.expected
                using errcode = 'KT100', detail = to_jsonb(wrong)::text;
        end if;
    end if;

    -- A reserved unit is let go of, or taken by its own document, before it moves.
    select m.line, u.serial_no, v.document_no into wrong
    from new_moves m
    join stock_reservation v on v.unit_id = m.unit_id and v.status = 'active'
    join stock_unit u on u.id = m.unit_id
    order by m.line limit 1;
    if found then
        raise exception 'Line %: serial % is reserved for %', wrong.line, wrong.serial_no, wrong.document_no
            using errcode = 'KT107', detail = to_jsonb(wrong)::text;
    end if;

    -- 3. Balances: rows that are missing are made, then all are locked in one order and changed.
    select coalesce(array_agg((d.product_id, d.lot_id, d.location_id, d.quality, d.change, d.is_ours)::stock_delta), '{}')
    into deltas
    from (
        select e.product_id, e.lot_id, e.location_id, e.quality, sum(e.change) as change, stock_is_ours(l.kind) as is_ours
        from (
            select m.product_id, m.lot_id, m.source_id as location_id, m.source_quality as quality, -m.qty as change
            from new_moves m
            union all
            select m.product_id, m.lot_id, m.target_id, m.target_quality, m.qty from new_moves m
        ) e
        join stock_location l on l.id = e.location_id and stock_is_counted(l.kind)
        group by e.product_id, e.lot_id, e.location_id, e.quality, l.kind
        having sum(e.change) <> 0
    ) d;

    insert into stock_balance (product_id, lot_id, location_id, quality, on_hand, reserved, is_ours)
    select d.product_id, d.lot_id, d.location_id, d.quality, 0, 0, d.is_ours from unnest(deltas) d
    where not exists (
        select 1 from stock_balance b
        where b.product_id = d.product_id and b.lot_id is not distinct from d.lot_id
          and b.location_id = d.location_id and b.quality = d.quality
    )
    order by d.product_id, d.lot_id, d.location_id, d.quality
    on conflict do nothing;

    perform 1 from stock_balance b
    join unnest(deltas) d on b.product_id = d.product_id and b.lot_id is not distinct from d.lot_id
        and b.location_id = d.location_id and b.quality = d.quality
    order by b.id for update of b;

    select r.product_code, t.lot_no, l.code as location, b.quality, b.on_hand, b.reserved, -d.change as wanted
    into wrong
    from stock_balance b
    join unnest(deltas) d on b.product_id = d.product_id and b.lot_id is not distinct from d.lot_id
        and b.location_id = d.location_id and b.quality = d.quality
    join products_product r on r.id = b.product_id
    join stock_location l on l.id = b.location_id
    left join stock_lot t on t.id = b.lot_id
    where b.is_ours and d.change < 0 and b.on_hand + d.change < b.reserved
    limit 1;
    if found then
        raise exception 'Not enough of % at %: % there, % of it reserved, % wanted', wrong.product_code,
            wrong.location, wrong.on_hand, wrong.reserved, wrong.wanted
            using errcode = 'KT101', detail = to_jsonb(wrong)::text;
    end if;

    update stock_balance b set on_hand = b.on_hand + d.change
    from unnest(deltas) d
    where b.product_id = d.product_id and b.lot_id is not distinct from d.lot_id
      and b.location_id = d.location_id and b.quality = d.quality;

    -- 4. Value: what comes in adds its cost; what goes out takes its own or the average with it.
    update stock_cost c set qty = c.qty + d.qty, value = c.value + d.value
    from (
        select m.product_id,
               sum(case when stock_is_ours(g.kind) then m.qty else -m.qty end) as qty,
               sum(case when stock_is_ours(g.kind) then m.qty else -m.qty end
                   * coalesce(m.unit_cost, k.value / nullif(k.qty, 0), 0)) as value
        from new_moves m
        join stock_cost k on k.product_id = m.product_id
        join stock_location s on s.id = m.source_id
        join stock_location g on g.id = m.target_id
        where stock_is_ours(s.kind) <> stock_is_ours(g.kind)
        group by m.product_id
    ) d
    where c.product_id = d.product_id;
    return null;
end $$;
create or replace trigger apply_moves after insert on stock_move
    referencing new table as new_moves
    for each statement execute function stock_apply_moves();
alter table stock_move enable always trigger apply_moves;

-- A reversal turns every move of its posting round, and nothing else. Looked at when it commits.
create or replace function stock_check_reversal() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if exists (
        (select m.product_id, m.lot_id, m.unit_id, m.source_id, m.target_id, m.source_quality,
                m.target_quality, m.qty
         from stock_move m where m.posting_id = new.reverses_id
         except all
         select m.product_id, m.lot_id, m.unit_id, m.target_id, m.source_id, m.target_quality,
                m.source_quality, m.qty
         from stock_move m where m.posting_id = new.id)
        union all
        (select m.product_id, m.lot_id, m.unit_id, m.target_id, m.source_id, m.target_quality,
                m.source_quality, m.qty
         from stock_move m where m.posting_id = new.id
         except all
         select m.product_id, m.lot_id, m.unit_id, m.source_id, m.target_id, m.source_quality,
                m.target_quality, m.qty
         from stock_move m where m.posting_id = new.reverses_id)
    ) then
        raise exception '% does not reverse the whole of its posting', new.number using errcode = 'KT105';
    end if;
    if exists (select 1 from stock_posting p where p.id = new.reverses_id and p.kind = 'reversal') then
        raise exception 'A reversal is not reversed' using errcode = 'KT105',
            hint = 'Post what is right.';
    end if;
    return null;
end $$;
drop trigger if exists check_reversal on stock_posting;
create constraint trigger check_reversal after insert on stock_posting
    deferrable initially deferred
    for each row when (new.reverses_id is not null)
    execute function stock_check_reversal();
alter table stock_posting enable always trigger check_reversal;

-- Reservations → balances. Only qualified goods are reserved; what was reserved stays as it was
-- written but for its end.
create or replace function stock_apply_reservations() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    deltas stock_delta[];
    wrong record;
begin
    if tg_op = 'INSERT' then
        select coalesce(array_agg((d.product_id, d.lot_id, d.location_id, 'qualified', d.qty, true)::stock_delta), '{}')
        into deltas
        from (
            select n.product_id, n.lot_id, n.location_id, sum(n.qty) as qty from new_rows n
            where n.status = 'active'
            group by n.product_id, n.lot_id, n.location_id
        ) d;
    else
        if exists (
            select 1 from new_rows n join old_rows o on o.id = n.id
            where (n.product_id, n.lot_id, n.location_id, n.unit_id, n.qty, n.document_line)
                  is distinct from (o.product_id, o.lot_id, o.location_id, o.unit_id, o.qty, o.document_line)
               or (o.status <> 'active' and n.status <> o.status)
        ) then
            raise exception 'A reservation ends; it does not change otherwise' using errcode = 'KT107';
        end if;
        select coalesce(array_agg((d.product_id, d.lot_id, d.location_id, 'qualified', -d.qty, true)::stock_delta), '{}')
        into deltas
        from (
            select o.product_id, o.lot_id, o.location_id, sum(o.qty) as qty
            from old_rows o join new_rows n on n.id = o.id
            where o.status = 'active' and n.status <> 'active'
            group by o.product_id, o.lot_id, o.location_id
        ) d;
    end if;
    perform 1 from stock_balance b
    join unnest(deltas) d on b.product_id = d.product_id and b.lot_id is not distinct from d.lot_id
        and b.location_id = d.location_id and b.quality = 'qualified'
    order by b.id for update of b;
    select r.product_code, t.lot_no, l.code as location, coalesce(b.on_hand, 0) as on_hand,
           coalesce(b.reserved, 0) as reserved, d.change as wanted
    into wrong
    from unnest(deltas) d
    join products_product r on r.id = d.product_id
    join stock_location l on l.id = d.location_id
    left join stock_lot t on t.id = d.lot_id
    left join stock_balance b on b.product_id = d.product_id and b.lot_id is not distinct from d.lot_id
        and b.location_id = d.location_id and b.quality = 'qualified'
    where coalesce(b.on_hand, 0) < coalesce(b.reserved, 0) + d.change
       or not coalesce(b.is_ours, false)
    limit 1;
    if found then
        raise exception 'Only % of % at % is free', wrong.on_hand - wrong.reserved, wrong.product_code,
            wrong.location using errcode = 'KT101', detail = to_jsonb(wrong)::text;
    end if;
    update stock_balance b set reserved = b.reserved + d.change
    from unnest(deltas) d
    where b.product_id = d.product_id and b.lot_id is not distinct from d.lot_id
      and b.location_id = d.location_id and b.quality = 'qualified';
    return null;
end $$;
create or replace trigger apply_new_reservations after insert on stock_reservation
    referencing new table as new_rows
    for each statement execute function stock_apply_reservations();
create or replace trigger apply_ended_reservations after update on stock_reservation
    referencing new table as new_rows old table as old_rows
    for each statement execute function stock_apply_reservations();
alter table stock_reservation enable always trigger apply_new_reservations;
alter table stock_reservation enable always trigger apply_ended_reservations;
