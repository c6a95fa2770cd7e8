-- Set a campaign's limits, and count its face values anew, in the limits' currency; only for who holds its lock.
UPDATE campaign_budgets
SET max_tokens = :max_tokens, max_points = :max_points, max_face_value_minor = :max_face_value_minor,
    currency = :currency,
    face_value_minor = (
        SELECT COALESCE(SUM(tokens.face_value_minor), 0) FROM tokens
        WHERE tokens.program_id = :program_id AND tokens.campaign_id = :campaign_id AND tokens.currency = :currency
        AND tokens.state IN ('issued', 'delivered', 'challenged', 'verified', 'frozen', 'redeemed')
    )
WHERE program_id = :program_id AND campaign_id = :campaign_id
RETURNING program_id, campaign_id, max_tokens, max_points, max_face_value_minor, currency, tokens, points,
    face_value_minor
