-- What is open of issued invoices, instalment by instalment; what was settled covers the oldest first.
with parts as (
    select n.id, n.invoice_id, n.line_no, n.name, n.rule, n.is_retention, n.amount, n.due_on,
           v.number, v.tax_number, v.customer_id, v.customer_name, v.currency, v.invoiced_on,
           least(n.amount, greatest(0, sum(n.amount) over (
               partition by n.invoice_id order by n.due_on nulls last, n.line_no
           ) - v.settled)) as open_amount
    from billing_instalment n join billing_invoice v on v.id = n.invoice_id
    where v.kind <> 'credit' and v.status in ('issued', 'part_paid', 'reversed') and v.settled < v.gross
      and (%(customer)s::uuid is null or v.customer_id = %(customer)s::uuid)
)
select p.*,
       case when p.due_on is null then 'undated'
            when p.due_on >= %(on)s::date then 'not_due'
            when p.due_on >= %(on)s::date - 30 then 'd30'
            when p.due_on >= %(on)s::date - 60 then 'd60'
            when p.due_on >= %(on)s::date - 90 then 'd90'
            else 'older' end as age,
       greatest(0, %(on)s::date - p.due_on) as days_late
from parts p
where p.open_amount > 0
order by p.due_on nulls last, p.number, p.line_no
limit %(limit)s
