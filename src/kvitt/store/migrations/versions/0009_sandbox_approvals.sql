-- What the sandbox's books keep of payments that wait for the customer, and of authorizations that change.
select 1;
