-- Whoever sees an invoice sees what belongs to it (the invoice's own policy holds in here).
invoice_id in (select v.id from billing_invoice v)
