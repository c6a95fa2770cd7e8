-- entity.lua · prelude of observe.lua and restore.lua: one event taken in at one entity, in one HSET
local PEERS_KEPT = 32

-- ARGV as in observe.lua, notes from ARGV[from] on → all fields after the event, what `insert` said of it, and which peers were met for the first time (bit n: the n-th)
local function take(key, ARGV, from)
  local kind, at, mark = ARGV[1], tonumber(ARGV[2]), ARGV[3]
  local reply, place = redis.call('HGETALL', key), {}
  for i = 1, #reply, 2 do place[reply[i]] = i + 1 end
  local changes, met, peers = {}, 0, 0

  local function put(field, value)
    local i = place[field]
    if not i then
      reply[#reply + 1] = field
      i = #reply + 1
      place[field] = i
    end
    reply[i] = value
    changes[#changes + 1] = field
    changes[#changes + 1] = value
  end

  local added
  if kind ~= '' then
    local series, cells = 's' .. kind, 'c' .. kind
    local blob, folded, new =
      insert(reply[place[series]], reply[place[cells]], at, mark, tonumber(ARGV[4]), tonumber(ARGV[5]))
    added = new
    if new then
      put(series, blob)
      if folded then put(cells, folded) end
    end
  end

  -- a peer is key (8 bytes), first and last seen (u32 s) and, at shared entities, traits (8 bytes)
  local function meet(field, peer, traits)
    local now, blob = math.floor(at / 1000), reply[place[field]] or ''
    local stride = 16 + #traits
    local i = 1
    while true do
      i = blob:find(peer, i, true)
      if not i or (i - 1) % stride == 0 then break end
      i = i + 1
    end
    if i then
      local from, to = struct.unpack('<I4', blob, i + 8), struct.unpack('<I4', blob, i + 12)
      local told = blob:sub(i + 16, i + stride - 1)
      if traits:find('[^%z]') then told = traits end
      local fresh = peer .. struct.pack('<I4I4', math.min(from, now), math.max(to, now)) .. told
      if fresh ~= blob:sub(i, i + stride - 1) then put(field, blob:sub(1, i - 1) .. fresh .. blob:sub(i + stride)) end
      return
    end
    if #blob >= PEERS_KEPT * stride then -- make room: the one seen longest ago goes
      local oldest, where = math.huge, 1
      for j = 1, #blob, stride do
        local to = struct.unpack('<I4', blob, j + 12)
        if to < oldest then oldest, where = to, j end
      end
      if now < oldest then return end
      blob = blob:sub(1, where - 1) .. blob:sub(where + stride)
    end
    put(field, blob .. peer .. struct.pack('<I4I4', now, now) .. traits)
    met = met + 2 ^ peers
  end

  -- a fact is since (ms, double), changed (ms, double, 0 never) and the value; the latest instant wins
  local function learn(field, value)
    local known = reply[place[field]]
    if not known then return put(field, struct.pack('<dd', at, 0) .. value) end
    local since, changed = struct.unpack('<dd', known)
    if known:sub(17) == value then return end
    if at >= since then
      put(field, struct.pack('<dd', at, at) .. value)
    elseif changed == 0 then -- one that comes late: there was another value before after all
      put(field, struct.pack('<dd', since, since) .. known:sub(17))
    end
  end

  local i = from
  while ARGV[i] do
    if ARGV[i] == 'p' then
      meet('p' .. ARGV[i + 1], ARGV[i + 2], ARGV[i + 3])
      peers = peers + 1
      i = i + 4
    else
      learn('f' .. ARGV[i + 1], ARGV[i + 2])
      i = i + 3
    end
  end

  if #changes > 0 then
    redis.call('HSET', key, unpack(changes))
    local ttl = tonumber(ARGV[6])
    if redis.call('PTTL', key) < ttl - DAY_MS then redis.call('PEXPIRE', key, ttl) end
  end
  return reply, added, met
end
