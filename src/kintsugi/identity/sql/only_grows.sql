-- What happened at the door stays as it was written.
create or replace function identity_only_grows() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception '% on % is refused: the record only grows', tg_op, tg_table_name
        using errcode = 'KT004';
end $$;
create or replace trigger only_grows before update or delete or truncate on identity_loginevent
    for each statement execute function identity_only_grows();
