-- Ids of rows that a run wrote or brought records for, as ranges: the last id of each so many.
with touched as (
    select c.row_id
    from audit_change c join audit_transaction x on x.id = c.transaction_id
    where x.run_id = %(run)s and c.table_name = %(table)s and c.op in ('I', 'U')
    union
    select p.gid from audit_provenance p join audit_origin o on o.id = p.origin_id
    where o.run_id = %(run)s and p.entity = %(entity)s
    union
    select p.gid
    from audit_crosswalkchange c join audit_provenance p on p.id = c.provenance_id
    where c.run_id = %(run)s and p.entity = %(entity)s
),
numbered as (select row_id, row_number() over (order by row_id) as n, count(*) over () as of from touched)
select row_id from numbered where n %% %(size)s = 0 or n = of order by n
