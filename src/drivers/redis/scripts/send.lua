--[[
  Publishes messages without a commit, because the ledger is in another store: all of them or none.

  KEYS     as for `push`
  ARGV     as for `push`
  returns  as `commit`
]]
--- @include rights
--- @include slice
local denied, first, at = false, 1, 1
--- @include push

denied = push()
if denied then return denied end
return {'committed', publish()}
