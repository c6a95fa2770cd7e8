-- series.lua · prelude of the other scripts: a series is 8 bytes of base (ms, double) and entries of offset (u32 ms), mark (4 bytes) and, at accounts, points (i32), ordered by offset then mark
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

-- cells: u32 hours since 1970 (bit 31: a cell of a day), u32 count and, at accounts, points (double); oldest first
local function fold(cells, at, points, newest)
  local stride = points and 16 or 8
  local function pack(start, count, sum)
    return struct.pack('<I4I4', start, count) .. (points and struct.pack('<d', sum) or '')
  end
  local day = at < newest - HOURLY_MS
  local start = day and math.floor(at / DAY_MS) * 24 + 2147483648 or math.floor(at / HOUR_MS)
  local last = cells and #cells >= stride and struct.unpack('<I4', cells, #cells - stride + 1)
  if last == start and not day then -- the usual case: one more in the newest hour
    local count = struct.unpack('<I4', cells, #cells - stride + 5)
    local sum = points and struct.unpack('<d', cells, #cells - stride + 9) + points
    return cells:sub(1, #cells - stride) .. pack(start, count + 1, sum)
  end
  local kept, order = {}, {}
  local function add(from, count, sum)
    local hours = from >= 2147483648 and from - 2147483648 or from
    if from < 2147483648 and hours * HOUR_MS < newest - HOURLY_MS then
      from = math.floor(hours / 24) * 24 + 2147483648
      hours = from - 2147483648
    end
    if hours * HOUR_MS < newest - HORIZON_MS - DAY_MS then return end
    local cell = kept[from]
    if cell then
      cell[1], cell[2] = cell[1] + count, cell[2] + sum
    else
      kept[from] = { count, sum }
      order[#order + 1] = from
    end
  end
  for i = 1, cells and #cells or 0, stride do
    add(struct.unpack('<I4', cells, i), struct.unpack('<I4', cells, i + 4), points and struct.unpack('<d', cells, i + 8) or 0)
  end
  add(start, 1, points or 0)
  table.sort(order, function(a, b)
    local x, y = a % 2147483648, b % 2147483648
    if x ~= y then return x < y end
    return a > b
  end)
  for i, from in ipairs(order) do order[i] = pack(from, kept[from][1], kept[from][2]) end
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
  if not blob then return struct.pack('<d', at) .. entry(0, mark, points), nil, true end
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
  local width = points and 16 or 8
  local hour, day = math.floor(at / HOUR_MS), math.floor(at / DAY_MS) * 24 + 2147483648
  for _, wanted in ipairs({ hour, day }) do
    for i = 1, #cells, width do
      local count = struct.unpack('<I4', cells, i + 4)
      if struct.unpack('<I4', cells, i) == wanted and count > 0 then
        local sum = points and struct.pack('<d', struct.unpack('<d', cells, i + 8) - points) or ''
        return nil, cells:sub(1, i - 1) .. struct.pack('<I4I4', wanted, count - 1) .. sum .. cells:sub(i + width)
      end
    end
  end
  return nil, nil
end

-- points burned for good at an account: the series `burn` and its total
local function burn(account, at, mark, points, keep)
  local blob, folded, new =
    insert(redis.call('HGET', account, 'sb'), redis.call('HGET', account, 'cb'), at, mark, points, keep)
  if new then
    redis.call('HSET', account, 'sb', blob)
    if folded then redis.call('HSET', account, 'cb', folded) end
  end
  redis.call('HINCRBY', account, 'tb', points)
end

-- take an event back out of the series of one kind; whether it was there
local function withdraw(entity, kind, at, mark, points)
  local blob, folded =
    remove(redis.call('HGET', entity, 's' .. kind), redis.call('HGET', entity, 'c' .. kind), at, mark, points)
  if blob and #blob == 8 then
    redis.call('HDEL', entity, 's' .. kind)
  elseif blob then
    redis.call('HSET', entity, 's' .. kind, blob)
  elseif folded then
    redis.call('HSET', entity, 'c' .. kind, folded)
  end
  return blob or folded
end

-- what a decision settles at its account: points burned, and totals given as kind, points … in ARGV[from] to ARGV[to]
local function settle(account, at, mark, burned, keep, from, to)
  if burned then burn(account, at, mark, burned, keep) end
  for i = from, to, 2 do redis.call('HINCRBY', account, 't' .. ARGV[i], ARGV[i + 1]) end
end

-- what an outcome changes at its account
local function turn(account, effect, at, mark, points, keep)
  if effect == 'burn' then
    burn(account, at, mark, points, keep)
  elseif effect == 'unburn' then
    withdraw(account, 'b', at, mark, points)
    redis.call('HINCRBY', account, 'tb', -points)
  end
end
