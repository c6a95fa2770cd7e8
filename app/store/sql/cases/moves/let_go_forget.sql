-- let_go_forget.sql · what :actor let go until :from_ms counts no more
DELETE FROM case_let_go WHERE program_id = :program_id AND actor = :actor AND at_ms <= :from_ms
