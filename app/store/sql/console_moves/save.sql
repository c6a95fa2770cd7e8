-- Keep a view under its name, in place of the user's one of that name; its id, or nothing where there are enough of others.
INSERT INTO console_views (view_id, user_id, name, program_id, query, is_shared, is_default, made_ms)
SELECT :view_id, :user_id, :title, :program_id, :query, CAST(:is_shared AS SMALLINT), 0, CAST(:now_ms AS BIGINT)
WHERE (SELECT count(*) FROM console_views WHERE user_id = :user_id AND name <> :title) < CAST(:most AS BIGINT)
ON CONFLICT (user_id, name) DO UPDATE
SET program_id = excluded.program_id, query = excluded.query, is_shared = excluded.is_shared, made_ms = excluded.made_ms
RETURNING view_id
