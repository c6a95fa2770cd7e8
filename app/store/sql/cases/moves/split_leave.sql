-- split_leave.sql · these accounts have left :case_id
UPDATE case_accounts SET is_open = 0, left_ms = :now_ms
WHERE case_id = :case_id AND left_ms IS NULL AND account_id IN :account_ids
