-- leave.sql · the accounts of :case_id have left it
UPDATE case_accounts SET is_open = 0, left_ms = :now_ms WHERE case_id = :case_id AND left_ms IS NULL
