-- A drill stays as it came out.
create or replace trigger only_grows before update or delete or truncate on stock_recalldrill
    for each statement execute function stock_only_grows();
alter table stock_recalldrill enable always trigger only_grows;
