-- entity.lua · prelude of observe.lua and restore.lua: one event taken in at one entity, by one HMGET and one HSET
local PEERS_KEPT = 32

-- a peer is key (8 bytes), first and last seen (u32 s) and, at shared entities, traits (8 bytes) → the peers with this one seen now (s), nil where nothing changes, and whether it was met for the first time
local function meet(blob, peer, traits, now)
  local stride, i = 16 + #traits, 1
  while true do
    i = blob:find(peer, i, true)
    if not i or (i - 1) % stride == 0 then break end
    i = i + 1
  end
  if i then
    local from, to = struct.unpack('<I4I4', blob, i + 8)
    local told = blob:sub(i + 16, i + stride - 1)
    if traits:find('[^%z]') and traits ~= told then
      told = traits
    elseif from <= now and now <= to then
      return nil, false
    end
    local fresh = peer .. struct.pack('<I4I4', math.min(from, now), math.max(to, now)) .. told
    return blob:sub(1, i - 1) .. fresh .. blob:sub(i + stride), false
  end
  if #blob >= PEERS_KEPT * stride then -- make room: the one seen longest ago goes
    local oldest, where = math.huge, 1
    for j = 1, #blob, stride do
      local to = struct.unpack('<I4', blob, j + 12)
      if to < oldest then oldest, where = to, j end
    end
    if now < oldest then return nil, false end
    blob = blob:sub(1, where - 1) .. blob:sub(where + stride)
  end
  return blob .. peer .. struct.pack('<I4I4', now, now) .. traits, true
end

-- a fact is since (ms, double), changed (ms, double, 0 never) and the value; the latest instant wins → the fact, nil where it stands
local function learn(known, value, at)
  if not known then return struct.pack('<dd', at, 0) .. value end
  local since, changed = struct.unpack('<dd', known)
  if known:sub(17) == value then return nil end
  if at >= since then return struct.pack('<dd', at, at) .. value end
  if changed == 0 then return struct.pack('<dd', since, since) .. known:sub(17) end -- one that comes late: there was another value before after all
end

local function of_peers(field) return field:byte() == 112 end -- p

-- ARGV from `from` on: kind ("" none), points ("" none), exact instants kept, ttl ms, how many words of notes, notes (field of peers, key8, traits | field of a fact, value) → what `insert` said of the event, which peers were met for the first time (bit n: the n-th), where the next entity's arguments begin
local function take(key, at, mark, ARGV, from)
  local kind, notes = ARGV[from], from + 5
  local beyond = notes + ARGV[from + 4]
  local fields = kind ~= '' and { 's' .. kind, 'c' .. kind } or {}
  local i = notes
  while i < beyond do
    fields[#fields + 1] = ARGV[i]
    i = i + (of_peers(ARGV[i]) and 3 or 2)
  end
  if #fields == 0 then return nil, 0, beyond end

  local held, changes, added = {}, {}, nil
  for n, value in ipairs(redis.call('HMGET', key, unpack(fields))) do held[fields[n]] = value end
  local function put(field, value)
    held[field] = value
    changes[#changes + 1] = field
    changes[#changes + 1] = value
  end

  if kind ~= '' then
    local series, cells = fields[1], fields[2]
    local blob, folded
    blob, folded, added =
      insert(held[series], held[cells], at, mark, tonumber(ARGV[from + 1]), tonumber(ARGV[from + 2]))
    if added then
      put(series, blob)
      if folded then put(cells, folded) end
    end
  end

  local now, met, peers = math.floor(at / 1000), 0, 0
  i = notes
  while i < beyond do
    local field = ARGV[i]
    if of_peers(field) then
      local blob, first = meet(held[field] or '', ARGV[i + 1], ARGV[i + 2], now)
      if blob then put(field, blob) end
      if first then met = met + 2 ^ peers end
      peers = peers + 1
      i = i + 3
    else
      local fact = learn(held[field], ARGV[i + 1], at)
      if fact then put(field, fact) end
      i = i + 2
    end
  end

  if #changes > 0 then
    redis.call('HSET', key, unpack(changes))
    local ttl = tonumber(ARGV[from + 3])
    if redis.call('PTTL', key) < ttl - DAY_MS then redis.call('PEXPIRE', key, ttl) end
  end
  return added, met, beyond
end
