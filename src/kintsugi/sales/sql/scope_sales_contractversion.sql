-- Whoever sees a contract sees its versions (the contract's own policy holds in here).
contract_id in (select c.id from sales_contract c)
