-- Note that a user looks at something of a case now; the first time, or once more.
INSERT INTO case_looks (case_id, user_id, what, first_ms, last_ms, times, spent_ms)
VALUES (:case_id, :user_id, :what, CAST(:now_ms AS BIGINT), CAST(:now_ms AS BIGINT), 1, 0)
ON CONFLICT (case_id, user_id, what) DO UPDATE
SET times = case_looks.times + 1,
    last_ms = CASE WHEN excluded.last_ms > case_looks.last_ms THEN excluded.last_ms ELSE case_looks.last_ms END
