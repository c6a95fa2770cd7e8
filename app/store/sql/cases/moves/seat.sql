-- seat.sql · the accounts that have not left :case_id are in an open case
UPDATE case_accounts SET is_open = 1 WHERE case_id = :case_id AND left_ms IS NULL AND is_open = 0
