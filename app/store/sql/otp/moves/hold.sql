-- hold.sql · takes the lock of all slots of :what, :whom: the row of slot -1, which counts nothing
INSERT INTO otp_counts (what, whom, slot, count, until_ms) VALUES (:what, :whom, -1, 0, :until_ms)
ON CONFLICT (what, whom, slot) DO UPDATE SET
    until_ms = CASE WHEN excluded.until_ms > otp_counts.until_ms THEN excluded.until_ms ELSE otp_counts.until_ms END
