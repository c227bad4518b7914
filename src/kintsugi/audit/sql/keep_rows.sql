-- Nothing that the record stands on is ever deleted: by nobody, the owner and superusers included,
-- unless the triggers are removed, which the sealed log's guard names. They fire "always", so that
-- session_replication_role does not go round them.
create or replace function audit_refuse_delete() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception '% on % is refused: rows are kept, and voided where they are wrong',
        tg_op, tg_table_name
        using errcode = 'KT006',
              hint = 'Void the row through its service; retention rules say how long it is kept.';
end $$;

-- A hold is released once, by giving the release; what was ordered does not change afterwards.
create or replace function audit_hold_stands() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    ordered constant text[] := array['released_by_id', 'released_by', 'released_at',
                                     'release_reason', 'version', 'updated_at'];
begin
    if old.released_at is not null or to_jsonb(old) - ordered <> to_jsonb(new) - ordered then
        raise exception 'A legal hold is released once and not changed otherwise'
            using errcode = 'KT007', hint = 'Place a new hold.';
    end if;
    return new;
end $$;
create or replace trigger hold_stands before update on audit_legalhold
    for each row execute function audit_hold_stands();
alter table audit_legalhold enable always trigger hold_stands;
