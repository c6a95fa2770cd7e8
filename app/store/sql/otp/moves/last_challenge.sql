-- last_challenge.sql · the session's last challenge at the subject, but for passkeys → the row of tokens.challenges.Challenge, and void, used_ms, authenticator_id
SELECT challenge_id, method, code_hash, digits, reference, sent_ms, expires_ms, tries, verified_ms,
       void, used_ms, authenticator_id
FROM otp_challenges
WHERE kind = :kind AND hash = :hash AND session_hash = :session_hash AND method <> 'passkey'
ORDER BY sent_ms DESC, tries, challenge_id
LIMIT 1
