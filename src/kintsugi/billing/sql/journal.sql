-- The rules of the journal, for whoever writes and by whatever means.
-- Codes: KT168 an entry whose sides differ; KT169 a line that was written or exported already.

create or replace function billing_check_entry() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    wrong record;
begin
    select j.document_no, sum(j.debit) as debit, sum(j.credit) as credit into wrong
    from billing_journalline j
    where j.document_kind = new.document_kind and j.document_id = new.document_id
    group by j.document_no
    having sum(j.debit) <> sum(j.credit);
    if found then
        raise exception '%: % debit, % credit', wrong.document_no, wrong.debit, wrong.credit
            using errcode = 'KT168', detail = to_jsonb(wrong)::text;
    end if;
    return null;
end $$;
drop trigger if exists check_entry on billing_journalline;
create constraint trigger check_entry after insert on billing_journalline
    deferrable initially deferred for each row execute function billing_check_entry();

-- A line leaves in one batch, with the account of that day; nothing else of it changes.
create or replace function billing_keep_entry() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
    if old.batch_id is not null
        or to_jsonb(new) - array['batch_id', 'account', 'version', 'updated_at', 'void_reason']
           is distinct from to_jsonb(old) - array['batch_id', 'account', 'version', 'updated_at', 'void_reason'] then
        raise exception 'Line % of % is fixed', old.line_no, old.document_no using errcode = 'KT169',
            detail = jsonb_build_object('document_no', old.document_no, 'line_no', old.line_no)::text;
    end if;
    return new;
end $$;
create or replace trigger keep_entry before update on billing_journalline
    for each row execute function billing_keep_entry();
create or replace trigger only_grows before delete or truncate on billing_journalline
    for each statement execute function billing_only_grows();
create or replace trigger only_grows before update or delete or truncate on billing_journalbatch
    for each statement execute function billing_only_grows();
