-- Tokens that ended and whose decision's outcome was not seen in the record yet, longest ended first, at most `most`.
SELECT tokens.token_id, tokens.program_id, tokens.settles, tokens.state, tokens.ended_ms, decisions.decision_id,
    decisions.outcome
FROM tokens
LEFT JOIN decisions ON decisions.program_id = tokens.program_id AND decisions.decision_id = tokens.settles
WHERE tokens.settles IS NOT NULL AND tokens.ended_ms IS NOT NULL AND tokens.settled_ms IS NULL
ORDER BY tokens.ended_ms, tokens.token_id LIMIT :most
