"""The Lua scripts: Redis runs each as one step, so that processes cannot come between question and effect.

A script has one key, so that they also work on a cluster. Numbers come back as text: Redis would cut off
their fractions.
"""

from __future__ import annotations

#: KEYS: bucket. ARGV: capacity, tokens per second, now (seconds, with a fraction), longest wait to answer.
#: Returns the seconds to wait, 0 when a token was taken. A bucket is forgotten when it would be full again.
TAKE = """
local capacity, per_second, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local longest = tonumber(ARGV[4])
local stored = redis.call('HMGET', KEYS[1], 'tokens', 'since')
local tokens, since = tonumber(stored[1]) or capacity, tonumber(stored[2]) or now
tokens = math.min(capacity, tokens + math.max(0, now - since) * per_second)
local wait = 0
if tokens >= 1 then
    tokens = tokens - 1
else
    wait = math.min(longest, (1 - tokens) / per_second)
end
redis.call('HSET', KEYS[1], 'tokens', string.format('%.17g', tokens),
    'since', string.format('%.17g', math.max(now, since)))
redis.call('EXPIRE', KEYS[1], math.ceil(math.min(longest, capacity / per_second)) + 60)
return string.format('%.17g', wait)
"""

#: KEYS: counter. ARGV: limit, amount, seconds after which a new counter is forgotten. Returns 1 or 0.
RESERVE = """
local count = tonumber(redis.call('GET', KEYS[1]) or '0')
if count + tonumber(ARGV[2]) > tonumber(ARGV[1]) then
    return 0
end
redis.call('INCRBY', KEYS[1], ARGV[2])
if redis.call('TTL', KEYS[1]) < 0 then
    redis.call('EXPIRE', KEYS[1], ARGV[3])
end
return 1
"""

#: KEYS: counter. ARGV: amount. Never goes below zero, and never brings back a forgotten counter.
GIVE_BACK = """
local count = tonumber(redis.call('GET', KEYS[1]) or '0')
local amount = math.min(count, tonumber(ARGV[1]))
if amount > 0 then
    redis.call('DECRBY', KEYS[1], amount)
end
return 1
"""
