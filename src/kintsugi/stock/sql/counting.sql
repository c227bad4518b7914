-- The rules of counting and adjusting, for whoever writes and by whatever means.
-- Codes: KT140 an approver who counted; KT141 a count outside its stocktake, or a snapshot that is
-- changed; KT142 a loss, gain or scrapping that nobody approved.

-- A count belongs to a stocktake that is being counted.
create or replace function stock_check_count() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if not exists (
        select 1 from stock_stocktakeline l join stock_stocktake s on s.id = l.stocktake_id
        where l.id = new.line_id and s.status = 'counting'
    ) then
        raise exception 'The stocktake is not being counted' using errcode = 'KT141',
            detail = jsonb_build_object('why', 'state')::text;
    end if;
    return new;
end $$;
create or replace trigger check_count before insert on stock_stocktakecount
    for each row execute function stock_check_count();
alter table stock_stocktakecount enable always trigger check_count;
create or replace trigger only_grows before update or delete or truncate on stock_stocktakecount
    for each statement execute function stock_only_grows();
alter table stock_stocktakecount enable always trigger only_grows;

-- What was expected stays as it was frozen.
create or replace function stock_keep_snapshot() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
    if (new.stocktake_id, new.location_id, new.product_id, new.lot_id, new.unit_id, new.quality, new.expected)
        is distinct from
       (old.stocktake_id, old.location_id, old.product_id, old.lot_id, old.unit_id, old.quality, old.expected) then
        raise exception 'What was expected stays as it was frozen' using errcode = 'KT141',
            detail = jsonb_build_object('why', 'snapshot')::text;
    end if;
    return new;
end $$;
create or replace trigger keep_snapshot before update on stock_stocktakeline
    for each row execute function stock_keep_snapshot();
alter table stock_stocktakeline enable always trigger keep_snapshot;

-- Whoever approves counted nothing of it, and nothing is left open or unexplained.
create or replace function stock_check_stocktake() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if new.status = 'posted' and exists (
        select 1 from stock_stocktakecount c join stock_stocktakeline l on l.id = c.line_id
        where l.stocktake_id = new.id and c.counted_by_id = new.decided_by_id
    ) then
        raise exception 'Who approves % has counted in it', new.number using errcode = 'KT140',
            detail = jsonb_build_object('number', new.number)::text;
    end if;
    if new.status = 'posted' and exists (
        select 1 from stock_stocktakeline l
        where l.stocktake_id = new.id
          and (l.state in ('open', 'recount') or l.state = 'confirmed' and l.reason = '')
    ) then
        raise exception '% has lines that are open or not explained', new.number using errcode = 'KT141',
            detail = jsonb_build_object('why', 'open')::text;
    end if;
    return new;
end $$;
create or replace trigger check_stocktake before insert or update on stock_stocktake
    for each row execute function stock_check_stocktake();
alter table stock_stocktake enable always trigger check_stocktake;

-- Goods vanish or appear only under a paper that another person approved: looked at when it commits.
-- Scrapping may have a paper of another app, which asks for two persons itself; never one by hand.
create or replace function stock_check_paper() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if not exists (select 1 from stock_adjustment a
                   where a.posting_id = new.id and a.status = 'posted' and new.kind <> 'count')
       and not exists (select 1 from stock_stocktake s
                       where s.posting_id = new.id and s.status = 'posted' and new.kind = 'count')
       and not (new.kind = 'scrap' and new.document_kind not in ('', 'hand', 'adjustment'))
       -- What was lost on the way or with the customer it was lent to: the signed receipt is its paper.
       and not (new.kind = 'adjustment' and new.document_kind = 'sales.delivery' and not exists (
            select 1 from stock_move m join stock_location s on s.id = m.source_id
            where m.posting_id = new.id and s.kind not in ('in_transit', 'consignment'))) then
        raise exception '% (%) was approved by nobody', new.number, new.kind using errcode = 'KT142',
            detail = jsonb_build_object('kind', new.kind)::text;
    end if;
    return null;
end $$;
drop trigger if exists check_paper on stock_posting;
create constraint trigger check_paper after insert on stock_posting
    deferrable initially deferred
    for each row when (new.kind in ('scrap', 'adjustment', 'count'))
    execute function stock_check_paper();
alter table stock_posting enable always trigger check_paper;
