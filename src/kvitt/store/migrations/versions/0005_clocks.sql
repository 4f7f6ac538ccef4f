-- Clocks of test accounts that run ahead, and the sandbox's faults and notices.
select 1;
