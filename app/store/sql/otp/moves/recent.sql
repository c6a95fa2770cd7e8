-- recent.sql · when codes were sent for the subject since :since_ms, newest first → sent_ms …
SELECT sent_ms FROM otp_challenges
WHERE kind = :kind AND hash = :hash AND authenticator_id IS NULL AND sent_ms > :since_ms
ORDER BY sent_ms DESC
