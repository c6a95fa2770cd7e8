-- standing.sql · what a try at :challenge_id of that subject and session meets, one row or none → code_hash, expires_ms, tries, next_try_ms, void, verified_ms, used_ms, authenticator_id, app_ready (of the account, confirmed, neither disabled nor retired)
SELECT c.code_hash, c.expires_ms, c.tries, c.next_try_ms, c.void, c.verified_ms, c.used_ms, c.authenticator_id,
       CASE WHEN a.confirmed_ms IS NOT NULL AND a.disabled_ms IS NULL AND a.retired_ms IS NULL THEN 1 ELSE 0 END AS app_ready
FROM otp_challenges c
LEFT JOIN authenticators a
    ON a.authenticator_id = c.authenticator_id AND a.program_id = :program_id AND a.account_id = :account_id
WHERE c.challenge_id = :challenge_id AND c.kind = :kind AND c.hash = :hash AND c.session_hash = :session_hash
