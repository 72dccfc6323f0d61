--[[
  Returns a message to the end of its list that is consumed next, as kombu does.

  KEYS[1]  unacked
  KEYS[2]  unacked_index
  ARGV[1]  tag
  ARGV[2]  the prefix of all keys
  returns  nil
]]
--- @include rights
--- @include split-message
local denied = lacking('HGET', KEYS[1], '') or lacking('ZREM', KEYS[2], '') or lacking('HDEL', KEYS[1], '')
if denied then return denied end
local stored = redis.call('HGET', KEYS[1], ARGV[1])
if not stored then return end
local envelope, queue = split_message(stored)
redis.call('RPUSH', ARGV[2] .. queue, envelope)
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[1], ARGV[1])
