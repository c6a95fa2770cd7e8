-- fail_client.sql · one more fail of a client at the subject, kept until :until_ms; those past at :now_ms are forgotten → count
INSERT INTO otp_counts (what, whom, slot, count, until_ms) VALUES ('client', :whom, 0, 1, :until_ms)
ON CONFLICT (what, whom, slot) DO UPDATE SET
    count = CASE WHEN otp_counts.until_ms <= :now_ms THEN 1 ELSE otp_counts.count + 1 END,
    until_ms = excluded.until_ms
RETURNING count
