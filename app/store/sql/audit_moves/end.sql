-- Note the mac the chain ends with, and the one over the note; only for who holds its lock.
UPDATE audit_head SET mac = :mac, head_mac = :head_mac WHERE id = 1
