-- Take the lock of the chain's end and move it by so many rows; where it is then, and the last mac.
UPDATE audit_head SET seq = seq + :more WHERE id = 1 RETURNING seq, mac
