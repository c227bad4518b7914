-- Readings and checks only grow: the record of a store is not corrected, only added to.
create or replace trigger only_grows before update or delete or truncate on stock_reading
    for each statement execute function stock_only_grows();
create or replace trigger only_grows before update or delete or truncate on stock_storagecheck
    for each statement execute function stock_only_grows();
alter table stock_reading enable always trigger only_grows;
alter table stock_storagecheck enable always trigger only_grows;
