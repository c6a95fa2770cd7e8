-- let_go_sums.sql · what :actor let go since :from_ms → of accounts of :case_id, in all of :program_id (minor units)
SELECT CAST(COALESCE(SUM(CASE WHEN case_id = :case_id OR case_id IN (
        SELECT theirs.case_id FROM case_accounts theirs JOIN case_accounts mine
        ON mine.program_id = theirs.program_id AND mine.account_id = theirs.account_id
        WHERE mine.case_id = :case_id
    ) THEN value_minor ELSE 0 END), 0) AS BIGINT) AS of_case,
    CAST(COALESCE(SUM(value_minor), 0) AS BIGINT) AS in_all
FROM case_let_go WHERE program_id = :program_id AND actor = :actor AND at_ms > :from_ms
