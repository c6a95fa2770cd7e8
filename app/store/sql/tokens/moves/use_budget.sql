-- Write down what of a budget is used; only for who holds its lock.
UPDATE campaign_budgets SET tokens = :tokens, points = :points, face_value_minor = :face_value_minor
WHERE program_id = :program_id AND campaign_id = :campaign_id
