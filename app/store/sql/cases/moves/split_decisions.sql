-- split_decisions.sql · the decisions on these accounts go with them from :case_id to :into
UPDATE case_decisions SET case_id = :into WHERE case_id = :case_id AND account_id IN :account_ids
