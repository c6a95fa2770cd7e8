-- Return the part of tokens that ended unredeemed to their campaign's budget.
UPDATE campaign_budgets
SET tokens = tokens - :tokens, points = points - :points,
    face_value_minor = face_value_minor - CASE WHEN currency = :currency THEN :face_value_minor ELSE 0 END
WHERE program_id = :program_id AND campaign_id = :campaign_id
