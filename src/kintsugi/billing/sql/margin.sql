-- Revenue without tax, cost and margin of issued invoices less credit notes, in one currency.
-- ``by``: customer, order or product. Cost is what the ledger said when the customer signed; a line
-- whose cost the ledger does not know is counted apart.
select case %(by)s when 'customer' then v.customer_id when 'order' then s.id else p.id end as id,
       case %(by)s when 'customer' then v.customer_name when 'order' then s.number
           else p.product_code end as name,
       case %(by)s when 'customer' then '' when 'order' then s.customer_name else p.name end as about,
       sum(g.sign * l.qty) as qty, sum(g.sign * l.net) as revenue,
       sum(g.sign * round(l.qty * coalesce(l.unit_cost, 0), 2)) as cost,
       sum(g.sign * (l.net - round(l.qty * coalesce(l.unit_cost, 0), 2))) as margin,
       count(*) filter (where l.unit_cost is null and l.qty > 0) as unknown
from billing_invoiceline l
join billing_invoice v on v.id = l.invoice_id
cross join lateral (select case when v.kind = 'credit' then -1 else 1 end as sign) g
join sales_orderline o on o.id = l.order_line_id
join sales_order s on s.id = o.order_id
join products_product p on p.id = l.product_id
where v.status in ('issued', 'part_paid', 'paid', 'reversed')
  and v.currency = %(currency)s
  and (%(since)s::date is null or v.invoiced_on >= %(since)s::date)
  and (%(until)s::date is null or v.invoiced_on <= %(until)s::date)
group by 1, 2, 3
order by revenue desc, name
limit %(limit)s
