-- Take the lock of a campaign's budget until the commit, made without limits if it was not there; its row.
INSERT INTO campaign_budgets (program_id, campaign_id, tokens, points, face_value_minor)
VALUES (:program_id, :campaign_id, 0, 0, 0)
ON CONFLICT (program_id, campaign_id) DO UPDATE SET tokens = campaign_budgets.tokens
RETURNING program_id, campaign_id, max_tokens, max_points, max_face_value_minor, currency, tokens, points,
    face_value_minor
