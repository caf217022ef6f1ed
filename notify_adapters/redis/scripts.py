"""The Lua scripts: Redis runs each as one step, so that processes cannot come between question and effect.

All keys of a script have the same hash tag, their owner's id, so that they are in one place on a cluster.
"""

from __future__ import annotations

#: KEYS: counter, its holds, and a bucket where there is one. ARGV: limit, amount, whether to reserve (1 or 0),
#: seconds after which a new counter is forgotten, longest wait to answer, now (seconds, with a fraction); what is
#: held and until when, or two empty texts; and for the bucket: capacity, tokens per second. A bucket is stored as
#: "tokens since", and forgotten when it would be full again. Holds are a sorted set of "id amount" by when they come
#: back.
#: Returns the seconds to wait (0 when a token was taken), the tokens left, the count, and whether it fits (1 or 0):
#: four numbers in one text, which is read faster than a list, and keeps the fractions that Redis cuts off numbers.
ASK = """
local limit, amount, longest, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[5]), tonumber(ARGV[6])
local wait, tokens = 0, 0
if KEYS[3] then
    local capacity, per_second = tonumber(ARGV[9]), tonumber(ARGV[10])
    local stored, since = redis.call('GET', KEYS[3]), now
    tokens = capacity
    if stored then
        local before, at = string.match(stored, '^(%S+) (%S+)$')
        since = math.max(now, tonumber(at))
        tokens = math.min(capacity, tonumber(before) + math.max(0, now - tonumber(at)) * per_second)
    end
    if tokens >= 1 then
        tokens = tokens - 1
        local full = per_second > 0 and math.min(longest, (capacity - tokens) / per_second) or longest
        redis.call('SET', KEYS[3], string.format('%.17g %.17g', tokens, since), 'EX', math.ceil(full) + 60)
    elseif per_second > 0 and capacity >= 1 then
        wait = math.min(longest, (1 - tokens) / per_second)
    else
        wait = longest
    end
end
local stored = redis.call('GET', KEYS[1])
local count = tonumber(stored or '0')
for _, held in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[6])) do
    redis.call('ZREM', KEYS[2], held)
    local gone = math.min(count, tonumber(string.match(held, ' (%d+)$')))
    if gone > 0 then
        count = redis.call('DECRBY', KEYS[1], gone)
    end
end
local fits = wait == 0 and count + amount <= limit
if fits and ARGV[3] == '1' then
    if stored then
        count = redis.call('INCRBY', KEYS[1], ARGV[2])
    else
        count = amount
        redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[4])
    end
    if ARGV[7] ~= '' then
        redis.call('ZADD', KEYS[2], ARGV[8], ARGV[7])
        redis.call('EXPIRE', KEYS[2], ARGV[4])
    end
end
return string.format('%.17g %.17g %d %d', wait, tokens, count, fits and 1 or 0)
"""

#: KEYS: counter, its holds. ARGV: what is held, amount, seconds after which a new counter is forgotten.
CONFIRM = """
if redis.call('ZREM', KEYS[2], ARGV[1]) == 0 then
    if redis.call('INCRBY', KEYS[1], ARGV[2]) == tonumber(ARGV[2]) then
        redis.call('EXPIRE', KEYS[1], ARGV[3])
    end
end
return 1
"""

#: KEYS: counter, its holds. ARGV: amount, what is held or an empty text. Never goes below zero, never brings back a
#: forgotten counter, and leaves it alone when what is held has come back.
GIVE_BACK = """
if ARGV[2] ~= '' and redis.call('ZREM', KEYS[2], ARGV[2]) == 0 then
    return 0
end
local count = tonumber(redis.call('GET', KEYS[1]) or '0')
local amount = math.min(count, tonumber(ARGV[1]))
if amount > 0 then
    redis.call('DECRBY', KEYS[1], amount)
end
return 1
"""

#: KEYS: a count for each second, as a hash. ARGV: the second it is now, amount (0 only asks), seconds that count.
#: Forgets the seconds that are too old, and all of it when nothing was added for as long as they count. Returns the
#: sum; what a clock ahead of ours added for later seconds does not count yet.
COUNT_IN_WINDOW = """
local now, window = tonumber(ARGV[1]), tonumber(ARGV[3])
if tonumber(ARGV[2]) > 0 then
    redis.call('HINCRBY', KEYS[1], ARGV[1], ARGV[2])
    redis.call('EXPIRE', KEYS[1], window + 60)
end
local sum, all = 0, redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
    local second = tonumber(all[i])
    if second <= now - window then
        redis.call('HDEL', KEYS[1], all[i])
    elseif second <= now then
        sum = sum + tonumber(all[i + 1])
    end
end
return sum
"""
