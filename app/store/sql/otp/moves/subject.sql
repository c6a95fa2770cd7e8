-- subject.sql · takes the row of :kind, :hash, new or not, adds :tries to it and keeps it until :ends_ms at least → tries, sends, last_sent_ms
INSERT INTO otp_subjects (kind, hash, tries, sends, last_sent_ms, ends_ms)
VALUES (:kind, :hash, :tries, 0, NULL, :ends_ms)
ON CONFLICT (kind, hash) DO UPDATE SET
    tries = otp_subjects.tries + excluded.tries,
    ends_ms = CASE WHEN excluded.ends_ms > otp_subjects.ends_ms THEN excluded.ends_ms ELSE otp_subjects.ends_ms END
RETURNING tries, sends, last_sent_ms
