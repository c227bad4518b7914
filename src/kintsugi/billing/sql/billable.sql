-- What a customer signed for and was not asked to pay yet, by line of a receipt; the newest receipt
-- first where a thing was exchanged. Optional: of one order, signed up to a day, of these lines.
with recursive up (item_id, at_id) as (
    select i.id, i.id
    from sales_delivery d join sales_deliveryitem i on i.delivery_id = d.id
    where d.customer_id = %(customer)s and i.signed > 0
    union all
    select u.item_id, r.item_id
    from up u
    join sales_deliveryitem i on i.id = u.at_id
    join sales_deliveryline l on l.id = i.line_id
    join sales_returnline r on r.id = l.return_line_id
),
things as (
    select u.item_id, u.at_id as root_id, l.order_line_id
    from up u
    join sales_deliveryitem i on i.id = u.at_id
    join sales_deliveryline l on l.id = i.line_id
    where l.order_line_id is not null
),
invoiced as (
    select f.root_id, f.receipt_line_id, f.qty
    from billing_invoiced(array(select distinct t.root_id from things t)) f
),
kept as (
    select t.root_id,
           sum(i.signed - i.returned)
               - coalesce((select sum(f.qty) from invoiced f where f.root_id = t.root_id), 0) as qty
    from things t join sales_deliveryitem i on i.id = t.item_id
    group by t.root_id
),
lines as (
    select r.id, r.receipt_id, r.item_id, t.root_id, t.order_line_id,
           r.qty - coalesce(f.qty, 0) as qty, k.qty as kept,
           sum(r.qty - coalesce(f.qty, 0)) over (
               partition by t.root_id order by c.signed_at desc, r.id
               rows between unbounded preceding and 1 preceding
           ) as before
    from things t
    join kept k on k.root_id = t.root_id and k.qty > 0
    join sales_receiptline r on r.item_id = t.item_id and r.outcome = 'signed'
    join sales_receipt c on c.id = r.receipt_id
    left join invoiced f on f.receipt_line_id = r.id
    where r.qty > coalesce(f.qty, 0)
)
select n.id as receipt_line, n.root_id as root_item, n.order_line_id as order_line, o.product_id as product,
       least(n.qty, n.kept - coalesce(n.before, 0)) as qty, o.price, o.discount, o.tax_rate,
       s.id as order_id, s.number as order_no, s.currency, c.number as receipt_no, c.signed_on,
       d.number as delivery_no, p.product_code, p.name as product_name,
       coalesce(b.lot_no, '') as lot_no, coalesce(u.serial_no, '') as serial_no,
       (
           select sum(m.qty * m.unit_cost) / nullif(sum(m.qty), 0)
           from stock_move m join stock_posting g on g.id = m.posting_id
           where m.document_line = i.line_id and g.kind = 'sign' and m.unit_cost is not null
             and m.lot_id is not distinct from i.lot_id and m.unit_id is not distinct from i.unit_id
       ) as unit_cost
from lines n
join sales_receipt c on c.id = n.receipt_id
join sales_delivery d on d.id = c.delivery_id
join sales_deliveryitem i on i.id = n.item_id
join sales_orderline o on o.id = n.order_line_id
join sales_order s on s.id = o.order_id
join products_product p on p.id = o.product_id
left join stock_lot b on b.id = i.lot_id
left join stock_unit u on u.id = i.unit_id
where n.kept > coalesce(n.before, 0)
  and (%(order)s::uuid is null or s.id = %(order)s::uuid)
  and (%(until)s::date is null or c.signed_on <= %(until)s::date)
  and (%(lines)s::uuid[] is null or n.id = any (%(lines)s::uuid[]))
order by s.number, o.line_no, c.signed_at, u.serial_no, b.lot_no, n.id
limit %(limit)s
