-- The rules of payments and matches, for whoever writes and by whatever means.
-- Codes: KT163 an amount that was typed instead of counted; KT166 a payment that is fixed; KT167 two
-- documents that do not belong together, or an undoing that is not exact.

create or replace function billing_check_payment() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if tg_op = 'INSERT' then
        if new.settled <> 0 then
            raise exception 'What is matched of % is counted, not typed', new.number using errcode = 'KT163',
                detail = jsonb_build_object('number', new.number)::text;
        end if;
        return new;
    end if;
    if pg_trigger_depth() < 2 and new.settled <> old.settled then
        raise exception 'What is matched of % is counted, not typed', new.number using errcode = 'KT163',
            detail = jsonb_build_object('number', new.number)::text;
    end if;
    -- Only whose it is may be said later, and only once.
    if (new.number, new.direction, new.amount, new.currency, new.paid_on, new.account, new.bank_ref, new.payer,
        new.text, new.is_void)
        is distinct from
       (old.number, old.direction, old.amount, old.currency, old.paid_on, old.account, old.bank_ref, old.payer,
        old.text, old.is_void)
       or old.customer_id is not null and new.customer_id is distinct from old.customer_id then
        raise exception '% is fixed', old.number using errcode = 'KT166',
            detail = jsonb_build_object('number', old.number)::text;
    end if;
    return new;
end $$;
create or replace trigger check_payment before insert or update on billing_payment
    for each row execute function billing_check_payment();

create or replace function billing_check_matches() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    payments uuid[];
    invoices uuid[];
    wrong record;
begin
    payments := array(select distinct d.id from new_rows n
        cross join lateral (values (n.payment_id), (n.paid_back_id)) d (id) where d.id is not null);
    invoices := array(select distinct d.id from new_rows n
        cross join lateral (values (n.credit_note_id), (n.invoice_id)) d (id) where d.id is not null);
    perform 1 from billing_payment p where p.id = any (payments) order by p.id for update;
    perform 1 from billing_invoice v where v.id = any (invoices) order by v.id for update;

    select coalesce(p.number, c.number) as takes, coalesce(v.number, b.number) as covers into wrong
    from new_rows n
    left join billing_payment p on p.id = n.payment_id
    left join billing_invoice c on c.id = n.credit_note_id
    left join billing_invoice v on v.id = n.invoice_id
    left join billing_payment b on b.id = n.paid_back_id
    left join billing_match u on u.id = n.undoes_id
    where n.customer_id is distinct from coalesce(p.customer_id, c.customer_id)
       or n.customer_id is distinct from coalesce(v.customer_id, b.customer_id)
       or coalesce(p.currency, c.currency) <> coalesce(v.currency, b.currency)
       or p.direction <> 'in' or b.direction <> 'out' or c.kind <> 'credit' or v.kind = 'credit'
       or c.status not in ('issued', 'part_paid', 'paid')
       or v.status not in ('issued', 'part_paid', 'paid', 'reversed')
       or n.undoes_id is not null
          and (u.amount, u.payment_id, u.credit_note_id, u.invoice_id, u.paid_back_id, u.undoes_id)
              is distinct from
              (-n.amount, n.payment_id, n.credit_note_id, n.invoice_id, n.paid_back_id, null::uuid)
    limit 1;
    if found then
        raise exception '% cannot cover %', wrong.takes, wrong.covers using errcode = 'KT167',
            detail = to_jsonb(wrong)::text;
    end if;

    update billing_payment p set settled = s.amount
    from (
        select d.id, (select coalesce(sum(m.amount), 0) from billing_match m
                      where m.payment_id = d.id or m.paid_back_id = d.id) as amount
        from unnest(payments) d (id)
    ) s
    where p.id = s.id;
    update billing_invoice v
    set settled = s.amount, status = billing_state(v.gross, s.amount, v.credited)
    from (
        select d.id, (select coalesce(sum(m.amount), 0) from billing_match m
                      where m.invoice_id = d.id or m.credit_note_id = d.id) as amount
        from unnest(invoices) d (id)
    ) s
    where v.id = s.id;
    return null;
end $$;
create or replace trigger check_matches after insert on billing_match
    referencing new table as new_rows for each statement execute function billing_check_matches();

create or replace trigger only_grows before update or delete or truncate on billing_match
    for each statement execute function billing_only_grows();
create or replace trigger only_grows before update or delete or truncate on billing_bankstatement
    for each statement execute function billing_only_grows();
