-- reserve.lua · KEYS for each cap its key and what lapses there · ARGV now, mark, at, until (ms), then for each cap amount, most, window (ms; 0 all), ttl ms, 1 if the event is refused where there is no room → for each cap what others have reserved, and 1 if there is room: reserved at all that have room, at none where one that refuses has none; with its mark an event finds its own again
local now, mark, at, till = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local rooms, refused = {}, false
for n = 1, #KEYS / 2 do
  local key, lapsing, from = KEYS[2 * n - 1], KEYS[2 * n], 5 * n
  lapse(key, lapsing, now)
  local others = used(key, lapsing, mark, at, tonumber(ARGV[from + 2]))
  local held = redis.call('HGET', key, mark)
  local mine = held and struct.unpack('<d', held) > 0
  local fits = mine or others + tonumber(ARGV[from]) <= tonumber(ARGV[from + 1])
  refused = refused or (not fits and ARGV[from + 4] == '1')
  rooms[2 * n - 1], rooms[2 * n] = string.format('%.0f', others), fits and 1 or 0
end
if not refused then
  for n = 1, #KEYS / 2 do
    local from = 5 * n
    if rooms[2 * n] == 1 then
      keep(KEYS[2 * n - 1], KEYS[2 * n], mark, tonumber(ARGV[from]), at, till, tonumber(ARGV[from + 3]))
    end
  end
end
return rooms
