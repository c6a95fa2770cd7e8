-- let_go_stand.sql · :actor lets something go in :program_id: whoever else would in that name waits for the commit
INSERT INTO case_letting_go (program_id, actor) VALUES (:program_id, :actor)
ON CONFLICT (program_id, actor) DO UPDATE SET actor = excluded.actor
