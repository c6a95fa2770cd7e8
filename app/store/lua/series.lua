-- series.lua · prelude of the other scripts: a series is 8 bytes of base (ms, double) and entries of offset (u32 ms), mark (4 bytes) and, where points are kept, points (i32), ordered by offset then mark
local DAY_MS, HOUR_MS = 86400000, 3600000
local HORIZON_MS = 31 * DAY_MS -- the longest window, 30 days, and a day of slack for late events
local HOURLY_MS = 25 * HOUR_MS -- within this of the newest event older events are kept by the hour, before it by the day

local function entry(offset, mark, points)
  if points then return struct.pack('<I4', offset) .. mark .. struct.pack('<i4', points) end
  return struct.pack('<I4', offset) .. mark
end

-- the same series counted from another base; entries that fall before it are dropped
local function rebase(blob, stride, base, new)
  local out = { struct.pack('<d', new) }
  for at = 9, #blob, stride do
    local offset = struct.unpack('<I4', blob, at) + base - new
    if offset >= 0 then out[#out + 1] = struct.pack('<I4', offset) .. blob:sub(at + 4, at + stride - 1) end
  end
  return table.concat(out)
end

-- cells: u32 hours since 1970 (bit 31: a cell of a day), u16 count and, where points are kept, i32 points, both stopping at their ends; oldest first
local WHOLE_DAY, MOST_EVENTS, MOST_POINTS = 2147483648, 65535, 2147483647

local function cell(start, count, points)
  local packed = struct.pack('<I4I2', start, math.min(count, MOST_EVENTS))
  if not points then return packed end
  return packed .. struct.pack('<i4', math.max(-MOST_POINTS, math.min(points, MOST_POINTS)))
end

local function read_cell(cells, at, points)
  local start, count = struct.unpack('<I4I2', cells, at)
  return start, count, points and struct.unpack('<i4', cells, at + 6)
end

-- where one more event in the newest hour changes nothing else: no cell of an hour is due for the day's, none is too old
local function only_newest_grows(cells, stride, start, newest)
  if not cells or #cells < stride or struct.unpack('<I4', cells, #cells - stride + 1) ~= start then return false end
  local hour = start
  for i = #cells - 2 * stride + 1, 1, -stride do -- days stand before hours
    local from = struct.unpack('<I4', cells, i)
    if from >= WHOLE_DAY then break end
    hour = from
  end
  local first = struct.unpack('<I4', cells, 1) % WHOLE_DAY
  return hour * HOUR_MS >= newest - HOURLY_MS and first * HOUR_MS >= newest - HORIZON_MS - DAY_MS
end

local function fold(cells, at, points, newest)
  local stride = points and 10 or 6
  local day = at < newest - HOURLY_MS
  local start = day and math.floor(at / DAY_MS) * 24 + WHOLE_DAY or math.floor(at / HOUR_MS)
  if not day and only_newest_grows(cells, stride, start, newest) then -- the usual case
    local _, count, sum = read_cell(cells, #cells - stride + 1, points)
    return cells:sub(1, #cells - stride) .. cell(start, count + 1, points and sum + points)
  end
  local kept, order = {}, {}
  local function add(from, count, sum)
    local hours = from % WHOLE_DAY
    if from < WHOLE_DAY and hours * HOUR_MS < newest - HOURLY_MS then
      hours = math.floor(hours / 24) * 24
      from = hours + WHOLE_DAY
    end
    if hours * HOUR_MS < newest - HORIZON_MS - DAY_MS then return end
    local known = kept[from]
    if known then
      known[1], known[2] = math.min(known[1] + count, MOST_EVENTS), points and known[2] + sum
    else
      kept[from] = { count, sum }
      order[#order + 1] = from
    end
  end
  for i = 1, cells and #cells or 0, stride do add(read_cell(cells, i, points)) end
  add(start, 1, points)
  table.sort(order, function(a, b)
    local x, y = a % WHOLE_DAY, b % WHOLE_DAY
    if x ~= y then return x < y end
    return a > b
  end)
  for i, from in ipairs(order) do order[i] = cell(from, kept[from][1], kept[from][2]) end
  return table.concat(order)
end

-- where the entry (offset, mark) stands or belongs: how many entries come before it, and whether it is there
local function find(blob, stride, offset, mark)
  local before = (#blob - 8) / stride
  while before > 0 do
    local at = 9 + (before - 1) * stride
    local other = struct.unpack('<I4', blob, at)
    if other < offset then return before, false end
    if other == offset then
      local its = blob:sub(at + 4, at + 7)
      if its == mark then return before - 1, true end
      if its < mark then return before, false end
    end
    before = before - 1
  end
  return 0, false
end

-- add one event: new series, new cells (nil: as they were), and whether it was added: true, false where it was met again, nil where it is too old
local function insert(blob, cells, at, mark, points, keep)
  local stride = points and 12 or 8
  if not blob or #blob == 8 then return struct.pack('<d', at) .. entry(0, mark, points), nil, true end
  local base = struct.unpack('<d', blob)
  local newest = base + struct.unpack('<I4', blob, #blob - stride + 1)
  if at < newest - HORIZON_MS then return blob, nil, nil end
  if at < base or at - base > 4294967295 then
    local new = math.min(at, math.max(base, math.max(newest, at) - HORIZON_MS))
    blob = rebase(blob, stride, base, new)
    base = new
  end
  local before, there = find(blob, stride, at - base, mark)
  if there then return blob, nil, false end
  local cut = 8 + before * stride
  blob = blob:sub(1, cut) .. entry(at - base, mark, points) .. blob:sub(cut + 1)
  newest = math.max(newest, at)
  local first = 9
  while base + struct.unpack('<I4', blob, first) < newest - HORIZON_MS do first = first + stride end
  local folded = nil
  if (#blob - first + 1) / stride > keep then
    local oldest = base + struct.unpack('<I4', blob, first)
    folded = fold(cells, oldest, points and struct.unpack('<i4', blob, first + 8), newest)
    first = first + stride
  end
  if first > 9 then blob = blob:sub(1, 8) .. blob:sub(first) end
  return blob, folded, true
end

-- take one event out again, from the series or, where it has been folded, from its cell; nil where it is in neither
local function remove(blob, cells, at, mark, points)
  local stride = points and 12 or 8
  if not blob then return nil, nil end
  local base = struct.unpack('<d', blob)
  local before, there = find(blob, stride, at - base, mark)
  if there then
    local cut = 8 + before * stride
    return blob:sub(1, cut) .. blob:sub(cut + stride + 1), nil
  end
  if before > 0 or not cells then return nil, nil end
  local width = points and 10 or 6
  local hour, day = math.floor(at / HOUR_MS), math.floor(at / DAY_MS) * 24 + WHOLE_DAY
  for _, wanted in ipairs({ hour, day }) do
    for i = 1, #cells, width do
      local start, count, sum = read_cell(cells, i, points)
      if start == wanted then
        local left = count > 1 and cell(start, count - 1, points and sum - points) or ''
        return nil, cells:sub(1, i - 1) .. left .. cells:sub(i + width)
      end
    end
  end
  return nil, nil
end

-- an account that no event of its own has made yet goes when accounts go: after 13 months
local function expire_in_time(account)
  if redis.call('PTTL', account) == -1 then redis.call('PEXPIRE', account, 400 * DAY_MS) end
end

-- points burned for good at an account: the series `burn` and its total; nothing where the series has them already
local function burn(account, at, mark, points, keep)
  local held = redis.call('HMGET', account, 'sb', 'cb')
  local blob, folded, new = insert(held[1], held[2], at, mark, points, keep)
  if new then
    redis.call('HSET', account, 'sb', blob)
    if folded then redis.call('HSET', account, 'cb', folded) end
  end
  if new ~= false then redis.call('HINCRBY', account, 'tb', points) end
end

-- take an event back out of the series of one kind; whether it was there, or is too old for the series to know
local function withdraw(entity, kind, at, mark, points)
  local blob, cells = redis.call('HGET', entity, 's' .. kind), redis.call('HGET', entity, 'c' .. kind)
  local left, folded = remove(blob, cells, at, mark, points)
  if not left and not folded then
    if not blob or #blob == 8 then return false end
    return at < struct.unpack('<d', blob) + struct.unpack('<I4', blob, #blob - (points and 11 or 7)) - HORIZON_MS
  end
  if #(left or blob) == 8 and #(folded or cells or '') == 0 then
    redis.call('HDEL', entity, 's' .. kind, 'c' .. kind)
  elseif left then
    redis.call('HSET', entity, 's' .. kind, left)
  else
    redis.call('HSET', entity, 'c' .. kind, folded)
  end
  return true
end

-- what a decision settles at its account: when it was first and last seen, points burned, and totals given as kind, points … in ARGV[from] to ARGV[to]
local function settle(account, at, mark, burned, keep, ARGV, from, to)
  local seen, changes = redis.call('HMGET', account, 'a', 'z'), {}
  if not seen[1] or at < tonumber(seen[1]) then changes = { 'a', string.format('%.0f', at) } end
  if not seen[2] or at > tonumber(seen[2]) then
    changes[#changes + 1] = 'z'
    changes[#changes + 1] = string.format('%.0f', at)
  end
  if changes[1] then redis.call('HSET', account, unpack(changes)) end
  if burned then burn(account, at, mark, burned, keep) end
  for i = from, to, 2 do redis.call('HINCRBY', account, 't' .. ARGV[i], ARGV[i + 1]) end
end

-- whether redeeming is locked at an account: see lock.lua
local function is_locked(account)
  local fact = redis.call('HGET', account, 'l')
  return fact and #fact > 12
end

-- what an outcome changes of the totals at its account
local function total(account, effect, kind, points)
  if effect == 'settle' then
    redis.call('HINCRBY', account, 't' .. kind, points)
  elseif effect == 'unsettle' then
    redis.call('HINCRBY', account, 't' .. kind, 0 - points)
  end
end

-- what an outcome changes of the points burned at its account
local function turn(account, effect, at, mark, points, keep)
  if effect == 'burn' then
    burn(account, at, mark, points, keep)
  elseif effect == 'unburn' and withdraw(account, 'b', at, mark, points) then
    redis.call('HINCRBY', account, 'tb', 0 - points)
  end
end
