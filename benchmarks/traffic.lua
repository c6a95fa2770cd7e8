-- traffic.lua · for wrk: a stream of distinct events of ACCOUNTS members, every body some 600 bytes
local accounts = tonumber(os.getenv('ACCOUNTS') or '10000')
local run = os.getenv('RUN') or 'r'
local path = os.getenv('TARGET') or '/v1/decisions'
local headers = { ['Authorization'] = 'Bearer ' .. (os.getenv('KEY') or ''), ['Content-Type'] = 'application/json' }
local threads, count = 0, 0
id = 0 -- set anew in each thread by setup

function setup(thread)
  thread:set('id', threads)
  threads = threads + 1
end

function init() math.randomseed(id + 7) end

local kinds = { 'earn', 'earn', 'earn', 'earn', 'earn', 'earn', 'login', 'login', 'login', 'redeem' }

function request()
  count = count + 1
  local member, kind = math.random(accounts), kinds[math.random(#kinds)]
  local points = kind == 'login' and '' or string.format('"points":%d,"balance_before":4200,', math.random(10, 400))
  local body = string.format(
    '{"event_id":"%s-%d-%d","type":"%s","occurred_at":"%s","account_id":"member-%06d",%s"channel":"app",'
      .. '"money":{"amount_minor":4599,"currency":"EUR"},"reason":"purchase","store_id":"store-%03d","order_id":"order-%d-%d",'
      .. '"campaign_id":"autumn-double-points","device":{"id":"device-%06d","user_agent":"Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36"},'
      .. '"ip":"10.%d.%d.%d","session_id":"session-%d","location":{"lat":52.52,"lon":13.405,"country":"DE"},'
      .. '"payment_instrument_id":"instrument-%06d"}',
    run, id, count, kind, os.date('!%Y-%m-%dT%H:%M:%SZ'), member, points, member % 200, id, count, member,
    math.floor(member / 65536), math.floor(member / 256) % 256, member % 256, count, member
  )
  return wrk.format('POST', path, headers, body)
end

function response(status, _, body)
  if status ~= 200 then io.stderr:write(status, ' ', body, '\n') end
end

function done(summary, latency)
  io.write(string.format(
    'RESULT %d %d %d %d %d %d %d\n', summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    latency.max, summary.errors.status, summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  ))
end
