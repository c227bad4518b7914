-- Dates of lots that were not known until a label said them.
update stock_lot l
set mfg_date = coalesce(l.mfg_date, w.mfg_date), expiry_date = coalesce(l.expiry_date, w.expiry_date)
from unnest(%s::uuid[], %s::date[], %s::date[]) as w (id, mfg_date, expiry_date)
where l.id = w.id
