-- caps.lua · prelude of reserve.lua, keep.lua and release.lua: at a cap's key, mark (8 bytes) → amount, at (ms), until (ms; inf never), doubles, amount -1 where it was given back for good; t → their sum; beside it, marks by when they lapse
local GIVEN_BACK = -1

-- let go of what has lapsed
local function lapse(key, lapsing, now)
  local due = redis.call('ZRANGEBYSCORE', lapsing, '-inf', now)
  for _, mark in ipairs(due) do
    local held = redis.call('HGET', key, mark)
    local amount = held and struct.unpack('<d', held) or 0
    if amount > 0 then redis.call('HINCRBY', key, 't', string.format('%.0f', -amount)) end
    redis.call('HDEL', key, mark)
  end
  if due[1] then redis.call('ZREMRANGEBYSCORE', lapsing, '-inf', now) end
end

local function write(key, lapsing, mark, amount, at, till, ttl)
  redis.call('HSET', key, mark, struct.pack('<ddd', amount, at, till))
  if till == math.huge then
    redis.call('ZREM', lapsing, mark)
  else
    redis.call('ZADD', lapsing, string.format('%.0f', till), mark)
  end
  for _, one in ipairs({ key, lapsing }) do
    if redis.call('PTTL', one) < ttl - DAY_MS then redis.call('PEXPIRE', one, ttl) end
  end
end

-- reserve; of two lives the longer counts, and what was given back stays so
local function keep(key, lapsing, mark, amount, at, till, ttl)
  if till == 0 then till = math.huge end
  local held = redis.call('HGET', key, mark)
  if held then
    local before, _, known = struct.unpack('<ddd', held)
    if before == GIVEN_BACK then return 0 end
    amount, till = before, math.max(till, known)
  else
    redis.call('HINCRBY', key, 't', string.format('%.0f', amount))
  end
  write(key, lapsing, mark, amount, at, till, ttl)
  return 1
end

-- what others have reserved in the fullest rolling window that holds this instant; what is older than any such window is forgotten
local function fullest(key, lapsing, mark, at, window)
  local fields, inside = redis.call('HGETALL', key), {}
  for i = 1, #fields, 2 do
    local amount, when = 0, 0
    if #fields[i] == 8 then amount, when = struct.unpack('<dd', fields[i + 1]) end
    if amount > 0 and when < at - window - HORIZON_MS then
      redis.call('HINCRBY', key, 't', string.format('%.0f', -amount))
      redis.call('HDEL', key, fields[i])
      redis.call('ZREM', lapsing, fields[i])
    elseif amount > 0 and fields[i] ~= mark and when > at - window and when < at + window then
      inside[#inside + 1] = { when, amount }
    end
  end
  local most = 0
  local function upto(last)
    local sum = 0
    for _, one in ipairs(inside) do
      if one[1] > last - window and one[1] <= last then sum = sum + one[2] end
    end
    most = math.max(most, sum)
  end
  upto(at)
  for _, one in ipairs(inside) do
    if one[1] > at then upto(one[1]) end
  end
  return most
end

local function used(key, lapsing, mark, at, window)
  if window > 0 then return fullest(key, lapsing, mark, at, window) end
  local own = redis.call('HGET', key, mark)
  local amount = own and struct.unpack('<d', own) or 0
  return tonumber(redis.call('HGET', key, 't') or 0) - math.max(amount, 0)
end
