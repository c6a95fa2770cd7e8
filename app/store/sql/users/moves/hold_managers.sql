-- hold_managers.sql · take the lock of whoever changes roles, until the commit
UPDATE user_managers SET changes = changes + 1 WHERE id = 1 RETURNING changes
