-- add_challenge.sql · a new challenge, nothing tried at it
INSERT INTO otp_challenges (
    challenge_id, kind, hash, session_hash, method, authenticator_id, code_hash, digits, reference,
    sent_ms, expires_ms, tries, fails, next_try_ms, void, verified_ms, used_ms
) VALUES (
    :challenge_id, :kind, :hash, :session_hash, :method, :authenticator_id, :code_hash, :digits, :reference,
    :sent_ms, :expires_ms, 0, 0, 0, 0, NULL, NULL
)
